package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The units for nodes where no DaemonSet runs, as systemd reads them. */
class SystemdUnitTest {

    /** Settings for which systemd.exec(5) gives a service a mount namespace. */
    private static final Pattern MOUNT_NAMESPACE = Pattern.compile(
            "(Private|Protect|ReadWritePaths|ReadOnlyPaths|InaccessiblePaths|ExecPaths|NoExecPaths|BindPaths"
                    + "|BindReadOnlyPaths|TemporaryFileSystem|MountFlags|MountAPIVFS|RootDirectory|RootImage|DynamicUser)\\w*=");

    private static final Path UNITS = Path.of("../deploy/systemd");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"meshnetd.service", "meshnet-install.service"})
    void systemd_has_nothing_to_say_against_it(String unit) throws IOException {
        Outcome outcome = verify(unit, Files.readString(UNITS.resolve(unit)));
        assertThat(outcome.status()).as("%s", outcome).isZero();
        assertThat(outcome.out() + outcome.err()).isEmpty();
    }

    /** A mount in a mount namespace of the service, or in a directory that systemd removes, would end with the service. */
    @Test
    void the_patch_namespace_outlives_the_daemon() throws IOException {
        List<String> settings = Files.readAllLines(UNITS.resolve("meshnetd.service"));
        assertThat(settings).contains("RuntimeDirectory=meshnet", "RuntimeDirectoryPreserve=yes");
        assertThat(settings)
                .noneMatch(setting -> MOUNT_NAMESPACE.matcher(setting).lookingAt());
    }

    /** That the check above can fail. */
    @Test
    void systemd_names_what_is_wrong() throws IOException {
        String unit = Files.readString(UNITS.resolve("meshnetd.service")).replace("Restart=always", "Restart=allways");
        assertThat(verify("meshnetd.service", unit).err()).contains("allways");
    }

    /** systemd looks for the program, too, so that the unit has to name where the image is here. */
    private Outcome verify(String name, String unit) throws IOException {
        String image = Image.command("meshnetd").words().getFirst().replace("/bin/meshnetd", "");
        Path file = Files.writeString(directory.resolve(name), unit.replace("/opt/meshnet", image));
        return Command.of("systemd-analyze", "verify", file.toString()).run();
    }
}
