/** The reconciler. */
package io.meshnet.wiring;
