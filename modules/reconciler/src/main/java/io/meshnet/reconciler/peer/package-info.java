/** What the daemons of two nodes tell each other of the links between them. */
package io.meshnet.reconciler.peer;
