/** The daemon on every node. */
package io.meshnet.daemon;
