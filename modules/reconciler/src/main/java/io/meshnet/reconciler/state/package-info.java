/** What should be: topology and placements, and the links that follow from them. */
package io.meshnet.reconciler.state;
