/** Decides, as a pure function, what to do about the difference between what should be and what the kernel has. */
package io.meshnet.reconciler.plan;
