/** The reconciler. */
package io.meshnet.reconciler;
