/** Updates between the daemons of two nodes about the links between them. */
package io.meshnet.reconciler.peer;
