/** meshnetctl, the command line for people. */
package io.meshnet.daemon.ctl;
