/** What the reconciler works with in the kernel: the BPF programs and maps that join ports to wires. */
package io.meshnet.reconciler.kernel;
