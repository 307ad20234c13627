/** Tests of the built image. */
package io.meshnet.image;
