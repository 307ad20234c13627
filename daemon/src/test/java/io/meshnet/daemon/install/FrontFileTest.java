package io.meshnet.daemon.install;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.daemon.ctl.CtlRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of the front, and of what was in its place. */
class FrontFileTest {

    @TempDir
    private Path directory;

    private CniNode node;

    @BeforeEach
    void makeTheDirectories() throws IOException {
        node = CniNode.in(directory);
        node.usual("10-flannel.conflist");
    }

    @Test
    void aProgramIsCopied() throws IOException {
        node.install();
        assertThat(node.plugin()).hasContent(CniNode.PROGRAM);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(node.plugin())))
                .isEqualTo("rwxr-xr-x");
    }

    @Test
    void aLauncherIsCalledWhereItIs() throws IOException, InterruptedException {
        Path image = Files.createDirectory(directory.resolve("it's an image"));
        Path launcher =
                Files.writeString(image.resolve("meshnet"), "#!/bin/sh\necho \"$0:$CNI_COMMAND:$1:$(cat)\"\nexit 3\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path link = Files.createSymbolicLink(directory.resolve("launcher"), launcher);

        assertThat(node.install("--front=" + link).status()).isZero();

        ProcessBuilder call = new ProcessBuilder(node.plugin().toString(), "two words");
        call.environment().put("CNI_COMMAND", "ADD");
        Process process = call.start();
        process.getOutputStream().write('x');
        process.getOutputStream().close();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(launcher + ":ADD:two words:x\n");
        assertThat(process.waitFor()).isEqualTo(3);
    }

    @Test
    void aNewerFrontReplacesOursAndIsRemovedAlike() throws IOException {
        Map<String, String> before = node.state();
        node.install();
        Files.writeString(node.front(), CniNode.PROGRAM + ", newer");
        assertThat(node.install().out()).contains("installed " + node.plugin());
        assertThat(node.plugin()).hasContent(CniNode.PROGRAM + ", newer");
        node.uninstall();
        assertThat(node.state()).isEqualTo(before);
    }

    @Test
    void whatWasInItsPlaceComesBack() throws IOException {
        Files.writeString(node.plugin(), "the original's plugin");
        comesBack();
    }

    @Test
    void aLinkInItsPlaceComesBackAsALink() throws IOException {
        Files.createSymbolicLink(node.plugin(), Path.of("/elsewhere/meshnet"));
        comesBack();
    }

    @Test
    void theSameProgramPutThereByHandComesBack() throws IOException {
        Files.writeString(node.plugin(), CniNode.PROGRAM);
        Files.setPosixFilePermissions(node.plugin(), PosixFilePermissions.fromString("rwxr-xr-x"));
        comesBack();
    }

    @Test
    void whatSomeonePutThereSinceStays() throws IOException {
        Files.writeString(node.plugin(), "first");
        node.install();
        Files.writeString(node.plugin(), "second");
        Files.setPosixFilePermissions(node.plugin(), PosixFilePermissions.fromString("rw-r--r--"));
        node.uninstall();
        assertThat(node.plugin()).hasContent("second");
        assertThat(node.state()).containsOnlyKeys("bin", "bin/meshnet", "net.d", "net.d/10-flannel.conflist");
    }

    @Test
    void aDirectoryInItsPlaceIsRefused() throws IOException {
        Files.createDirectory(node.plugin());
        CtlRun run = node.install();
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains(node.plugin().toString(), "is a directory");
        assertThat(node.ours()).doesNotExist();
    }

    private void comesBack() {
        Map<String, String> before = node.state();
        assertThat(node.install().status()).isZero();
        assertThat(node.plugin()).hasContent(CniNode.PROGRAM);
        assertThat(node.uninstall().status()).isZero();
        assertThat(node.state()).isEqualTo(before);
    }
}
