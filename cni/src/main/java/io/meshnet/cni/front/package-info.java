/**
 * The executable of the plugin: carries one call of a runtime to the daemon, over the wire that {@code io.meshnet.cni} describes.
 *
 * <p>Every pod pays for its start, so it loads as few classes as it can: no class of other packages, no JSON library, no lambdas,
 * no concatenation by {@code invokedynamic}, no formatting.
 */
package io.meshnet.cni.front;
