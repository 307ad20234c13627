/** What link setup costs in process, and what the side-by-side needs of Java. */
package io.meshnet.bench;
