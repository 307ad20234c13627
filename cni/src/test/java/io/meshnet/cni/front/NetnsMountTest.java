package io.meshnet.cni.front;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.cni.front.FrontCall.Ended;
import io.meshnet.cni.front.ScriptedDaemon.Script;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The network namespace that every form of the front makes when the daemon asks for one. */
@ParameterizedClass
@EnumSource(FrontForm.class)
class NetnsMountTest {
    private static final String RESULT = "{\"made\": true}";
    private static final Script SERVED = channel -> send(channel, "200 OK\r\n", RESULT);

    @Parameter
    private FrontForm form;

    @TempDir(factory = MountPoint.class)
    private Path directory;

    @AfterEach
    void unmount() throws Exception {
        MountPoint.unmountAll(directory);
    }

    @Test
    void is_mounted_where_the_daemon_wants_it_and_outlives_the_front() throws Exception {
        String own = MountPoint.run("readlink", "/proc/self/ns/net");
        try (ScriptedDaemon daemon = daemon(needed(netns()), SERVED)) {
            assertThat(call().with("CNI_ARGS", "A=b").run("{\"name\": 1}")).isEqualTo(Ended.result(RESULT));
            String requests = daemon.request();
            String first = requests.substring(0, requests.length() / 2);
            assertThat(first).contains("CNI_ARGS: A=b").endsWith("{\"name\": 1}");
            assertThat(requests).isEqualTo(first + first);
        }
        assertThat(MountPoint.mounts(directory)).containsExactly(netns());
        assertThat(MountPoint.run("stat", "--file-system", "--format=%T", text(netns())))
                .isEqualTo("nsfs");
        assertThat(MountPoint.run("nsenter", "--net=" + netns(), "readlink", "/proc/self/ns/net"))
                .startsWith("net:[")
                .isNotEqualTo(own);
        assertThat(MountPoint.run("readlink", "/proc/self/ns/net")).isEqualTo(own);
        assertThat(call().said()).isEmpty();
    }

    @Test
    void hides_no_file_but_an_empty_one() throws Exception {
        Files.createFile(netns());
        try (ScriptedDaemon daemon = daemon(needed(netns()), SERVED)) {
            assertThat(call().run("{}")).isEqualTo(Ended.result(RESULT));
            assertThat(daemon.request()).isNotEmpty();
        }
        assertThat(MountPoint.mounts(directory)).containsExactly(netns());
        MountPoint.unmountAll(directory);
        assertThat(netns()).isEmptyFile();
    }

    @Test
    void is_left_as_it_is_when_it_is_there() throws Exception {
        Files.createFile(netns());
        MountPoint.run("unshare", "--net=" + netns(), "true");
        Object inode = Files.getAttribute(netns(), "unix:ino");
        try (ScriptedDaemon daemon = daemon(needed(netns()), SERVED)) {
            assertThat(call().run("{}")).isEqualTo(Ended.result(RESULT));
            assertThat(daemon.request()).isNotEmpty();
        }
        assertThat(MountPoint.mounts(directory)).containsExactly(netns());
        assertThat(Files.getAttribute(netns(), "unix:ino")).isEqualTo(inode);
    }

    /** The test holds the lock until the daemon has asked every front: none of them finds a namespace when it first looks. */
    @Test
    void is_made_once_by_fronts_of_all_forms_at_once() throws Exception {
        List<FrontForm> forms = new ArrayList<>(List.of(FrontForm.values()));
        forms.addAll(List.of(form, form));
        List<Script> scripts = new ArrayList<>(Collections.nCopies(forms.size(), needed(netns())));
        CompletableFuture<Void> asked = new CompletableFuture<>();
        scripts.set(forms.size() - 1, channel -> {
            needed(netns()).play(channel);
            asked.complete(null);
        });
        scripts.addAll(Collections.nCopies(forms.size(), SERVED));
        try (ScriptedDaemon daemon = ScriptedDaemon.playing(FrontCall.socket(directory), scripts)) {
            List<CompletableFuture<Ended>> calls;
            try (FileChannel file = locked()) {
                calls = forms.stream().map(this::begun).toList();
                asked.join();
                assertThat(file.isOpen()).isTrue();
                assertThat(MountPoint.mounts(directory)).isEmpty();
            }
            calls.forEach(each -> assertThat(each.join()).isEqualTo(Ended.result(RESULT)));
            assertThat(daemon.request()).isNotEmpty();
        }
        assertThat(MountPoint.mounts(directory)).containsExactly(netns());
    }

    @Test
    void is_waited_for_no_longer_than_the_call_may_take() throws Exception {
        try (ScriptedDaemon daemon = daemon(needed(netns()));
                FileChannel file = locked()) {
            assertThat(call().with("MESHNET_TIMEOUT", "2").run("{}"))
                    .isEqualTo(Ended.unanswered(
                            directory, "gave up after 2 s of making the network namespace that it asks for"));
            assertThat(daemon.request()).isNotEmpty();
            assertThat(file.isOpen()).isTrue();
        }
        try (ScriptedDaemon daemon = daemon(needed(netns()), channel -> channel.read(ByteBuffer.allocate(1)))) {
            assertThat(call().with("MESHNET_TIMEOUT", "2").run("{}"))
                    .isEqualTo(Ended.unanswered(directory, "gave up after 2 s of waiting for its answer"));
            assertThat(daemon.request()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"ADD, 11", "STATUS, 50"})
    void is_made_for_a_daemon_that_asks_once(String command, int code) throws Exception {
        try (ScriptedDaemon daemon = daemon(needed(netns()), needed(netns()))) {
            assertThat(call().with("CNI_COMMAND", command).run("{}"))
                    .isEqualTo(Ended.error(
                            code,
                            "meshnetd at " + FrontCall.socket(directory)
                                    + ": it asks again for the network namespace at "
                                    + netns()
                                    + ", which is mounted on the node: its container has to see the node's mounts"
                                    + " there (mountPropagation: HostToContainer)"));
            assertThat(daemon.request()).isNotEmpty();
        }
        assertThat(MountPoint.mounts(directory)).containsExactly(netns());
    }

    @Test
    void does_not_keep_the_error_of_the_repeated_call_from_the_runtime() throws Exception {
        String error = "{\"code\": 7, \"msg\": \"no\"}";
        try (ScriptedDaemon daemon = daemon(needed(netns()), channel -> send(channel, "500 No\r\n", error))) {
            assertThat(call().run("{}")).isEqualTo(Ended.with(1, error.getBytes(StandardCharsets.UTF_8)));
            assertThat(daemon.request()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ln -s nowhere netns, it is a symbolic link",
        "touch file; ln -s file netns, it is a symbolic link",
        "touch file; unshare --net=file true; ln -s file netns, it is a symbolic link",
        "mkdir netns, it is a directory",
        "mkfifo netns, it is not a regular file",
        "echo precious >netns, it is a file that is not empty",
        "mount -t tmpfs -o ro tmpfs ., Read-only file system",
    })
    void hides_nothing_and_follows_nothing(String before, String why) throws Exception {
        Path place = Files.createDirectory(directory.resolve("place"));
        MountPoint.run("sh", "-ec", "cd \"$0\"; " + before, text(place));
        String there = MountPoint.run("find", text(place), "-printf", "%p %y %l %s\n");
        List<Path> mounts = MountPoint.mounts(directory);
        refused(place.resolve("netns"), why);
        assertThat(MountPoint.run("find", text(place), "-printf", "%p %y %l %s\n"))
                .isEqualTo(there);
        assertThat(MountPoint.mounts(directory)).isEqualTo(mounts);
    }

    @Test
    void takes_a_directory_that_is_there() throws Exception {
        refused(directory.resolve("none/netns"), "No such file or directory");
        Files.createFile(directory.resolve("file"));
        refused(directory.resolve("file/netns"), "Not a directory");
        refused(directory.resolve("x".repeat(256)), "File name too long");
    }

    @Test
    void takes_a_front_that_may_make_namespaces() throws Exception {
        FrontCall powerless =
                call().throughShell("exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin \"$@\"");
        try (ScriptedDaemon daemon = daemon(needed(netns()))) {
            assertThat(powerless.run("{}")).isEqualTo(failure(netns(), "Operation not permitted"));
            assertThat(daemon.request()).isNotEmpty();
        }
        assertThat(MountPoint.mounts(directory)).isEmpty();
    }

    /** The native forms need no program. */
    @Test
    void takes_util_linux_only_in_java() throws Exception {
        boolean java = form == FrontForm.JAVA;
        try (ScriptedDaemon daemon = java ? daemon(needed(netns())) : daemon(needed(netns()), SERVED)) {
            Ended ended = call().with("PATH", text(directory)).run("{}");
            assertThat(daemon.request()).isNotEmpty();
            if (java) {
                assertThat(ended.status()).isOne();
                assertThat(ended.stdout())
                        .contains(
                                "\"code\":5,",
                                netns() + ": it takes the program unshare of util-linux, which cannot be")
                        .contains("No such file or directory");
            } else {
                assertThat(ended).isEqualTo(Ended.result(RESULT));
            }
        }
    }

    /** What the manifests' HostToContainer makes of the directory, on a node where it is on a shared mount, and what None does. */
    @ParameterizedTest
    @ValueSource(strings = {"rslave", "rprivate"})
    void is_seen_in_a_container_that_follows_the_mounts_of_the_node(String propagation) throws Exception {
        MountPoint.run("mount", "--bind", text(directory), text(directory));
        MountPoint.run("mount", "--make-shared", text(directory));
        String script = "mount --rbind \"$0\" \"$0\"; mount --make-" + propagation + " \"$0\"; echo ready; read _";
        Process container = new ProcessBuilder(
                        "unshare", "--mount", "--propagation=slave", "sh", "-c", script, text(directory))
                .start();
        try (BufferedReader said = container.inputReader();
                ScriptedDaemon daemon = daemon(needed(netns()), SERVED)) {
            assertThat(said.readLine()).isEqualTo("ready");
            assertThat(call().run("{}")).isEqualTo(Ended.result(RESULT));
            assertThat(daemon.request()).isNotEmpty();
            String target = "--target=" + container.pid();
            String type = MountPoint.run("nsenter", target, "--mount", "stat", "-f", "--format=%T", text(netns()));
            assertThat(type.equals("nsfs")).as(type).isEqualTo(propagation.equals("rslave"));
        } finally {
            container.destroy();
            container.waitFor();
        }
    }

    private void refused(Path path, String why) throws Exception {
        try (ScriptedDaemon daemon = daemon(needed(path))) {
            assertThat(call().run("{}")).isEqualTo(failure(path, why));
            assertThat(daemon.request()).isNotEmpty();
        }
    }

    private static Ended failure(Path path, String why) {
        return Ended.with(
                1,
                ErrorJson.of(
                        FrontException.IO_FAILURE,
                        "cannot make a network namespace at " + path + ": " + why,
                        NetnsMount.ADVICE));
    }

    private CompletableFuture<Ended> begun(FrontForm which) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return FrontCall.add(which, directory).run("{}");
                    } catch (IOException | InterruptedException e) {
                        throw new AssertionError(e);
                    }
                },
                Thread::startVirtualThread);
    }

    /** The file of the namespace, locked until it is closed. */
    private FileChannel locked() throws IOException {
        FileChannel file = FileChannel.open(netns(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        assertThat(file.lock().isValid()).isTrue();
        return file;
    }

    private FrontCall call() {
        return FrontCall.add(form, directory);
    }

    private Path netns() {
        return directory.resolve("netns");
    }

    private static String text(Path path) {
        return path.toString();
    }

    private ScriptedDaemon daemon(Script... scripts) throws IOException {
        return ScriptedDaemon.playing(FrontCall.socket(directory), List.of(scripts));
    }

    /** Asks for a network namespace at the path; the body is for fronts that do not know this answer. */
    private static Script needed(Path path) {
        return channel ->
                send(channel, "428 x\r\nMeshnet-Netns: " + path + "\r\n", "{\"code\": 11, \"msg\": \"first\"}");
    }

    private static void send(SocketChannel channel, String head, String body) throws IOException {
        String answer = "HTTP/1.1 " + head + "Content-Length: " + body.length() + "\r\n\r\n" + body;
        ScriptedDaemon.write(channel, answer.getBytes(StandardCharsets.UTF_8));
    }
}
