/**
 * Makes the links of this node's pods what the topology says: ports for their interfaces, wires
 * between the ports. The rest of the module: {@code state} is what should be, {@code plan} decides
 * what to do about the difference, {@code kernel} does it, {@code peer} is the updates between
 * daemons.
 */
package io.meshnet.reconciler;
