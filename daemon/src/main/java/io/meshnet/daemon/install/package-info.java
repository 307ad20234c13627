/**
 * Puts meshnet into a node's CNI directories and takes it out again: the front beside the other plugins, and a configuration that
 * runtimes find before the one that was there. What was there is only read.
 */
package io.meshnet.daemon.install;
