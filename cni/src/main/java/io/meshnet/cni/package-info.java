/**
 * The CNI protocol (spec 1.1.0 and everything before it) as the daemon speaks it, and the wire between the front and the daemon.
 *
 * <p>{@link io.meshnet.cni.Dispatcher} takes the environment and the standard input that a runtime gave to a plugin and answers
 * with what the plugin has to print and how it has to exit. What the plugin itself does for a pod is the daemon's, behind
 * {@link io.meshnet.cni.PodNetwork}.
 *
 * <h2>The wire between the front and the daemon</h2>
 *
 * The front is the executable of the plugin, in two forms that behave alike: {@code src/main/c/meshnet.c}, a static
 * executable, and {@code io.meshnet.cni.front.Front}, for where that was not compiled. It makes one HTTP/1.1 request per call
 * on the daemon's Unix socket:
 *
 * <pre>
 * POST /cni HTTP/1.1
 * Host: meshnetd
 * Connection: close
 * Content-Type: application/json
 * Content-Length: (length of the standard input in bytes)
 * CNI_COMMAND: ADD
 * CNI_CONTAINERID: ...
 * (one header for every environment variable whose name begins with CNI_)
 *
 * (the standard input of the plugin)
 * </pre>
 *
 * <ul>
 *   <li>A header bears the name of its variable, which consists of letters, digits and underscores. Header names have no case, names of
 *       variables do: the daemon reads them in upper case. A variable that is set to nothing is a header with an empty value.
 *   <li>Values are printable ASCII with no space at either end; the front answers error 4 to anything else.
 *   <li>The answer is {@code 200} when the call succeeded. Its body, JSON or empty, is the plugin's standard output; the
 *       plugin exits with 0.
 *   <li>Any other status is a failure. Its body is the CNI error JSON for the standard output; the plugin exits with 1. The
 *       daemon uses {@code 500} ({@link io.meshnet.cni.Reply#status()}).
 *   <li>{@code 428} with a header {@code Meshnet-Netns} asks for a network namespace first: see below. Without that header it is a
 *       failure like any other.
 *   <li>The body may be delimited by {@code Content-Length}, by chunks or by the end of the connection. It has at most 64 MiB, the
 *       standard input 16 MiB, a line of the head 64 KiB without NULs; the front does not read on when there is more.
 *   <li>No answer, or one that is no HTTP or has no JSON where there must be some, is CNI error 11 to the runtime, and to STATUS
 *       50. Only VERSION is then answered by the front itself, so that a runtime can load its configuration before the daemon is up.
 * </ul>
 *
 * <h3>A network namespace that the front makes</h3>
 *
 * The daemon keeps the wires of a node in a network namespace that outlives it; a bind mount holds it. The mounts of a container do
 * not outlive the container, so that a daemon in a container asks the front, which the runtime executes on the node as root:
 *
 * <pre>
 * HTTP/1.1 428
 * Meshnet-Netns: /run/meshnet/netns
 *
 * (CNI error 11, for a front that does not know this answer)
 * </pre>
 *
 * <ul>
 *   <li>The front makes a network namespace, mounts it at the path and repeats the call once, within the same time.
 *   <li>The path is absolute, has at most 4095 bytes, all printable ASCII, does not contain {@code ..} and does not end with a slash.
 *       The front answers error 11 to any other, and to a daemon that asks a second time.
 *   <li>The front makes the file if it is not there, but not its directory. An empty file serves. To a symbolic link, a directory, a
 *       file that is not empty and anything else that is no regular file the front answers error 5, and leaves it as it is.
 *   <li>If a namespace is mounted there already, the front makes none. Fronts that run at the same time make one: each takes a write
 *       lock on the file (POSIX, or of the open file description), then looks again.
 *   <li>When the namespace cannot be made, the front answers error 5, which names the path and the kernel's reason. The Java front
 *       runs {@code unshare} of util-linux for it.
 *   <li>The mount is made in the mount namespace that the runtime executes the front in. A container sees it where the directory is
 *       mounted with {@code mountPropagation: HostToContainer}, and the mount on the node is shared.
 * </ul>
 */
package io.meshnet.cni;
