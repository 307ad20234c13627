/** The patch namespace in the kernel: ports, wires, the tunnel device. All of it is for the kernel thread. */
package io.meshnet.reconciler.kernel;
