package io.meshnet.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.meshnet.netlink.NetnsId;
import io.meshnet.topology.PodName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttachmentsTest {

    private static final PodName POD = PodName.of("pod1");

    @TempDir
    private Path directory;

    @Test
    void whatWasNotedIsThereAfterARestart() throws IOException {
        PodAttachment whole = attachment("c1", 1, Optional.of(new NetnsId(4, 4026532000L, 17)));
        PodAttachment unknown = attachment("c2", 2, Optional.empty()).gone();
        Attachments before = Attachments.load(directory);
        before.put(whole);
        before.put(unknown);

        assertThat(Attachments.load(directory).all()).containsExactlyInAnyOrder(whole, unknown);
    }

    @Test
    void whatWasRemovedIsNot() throws IOException {
        Attachments before = Attachments.load(directory);
        before.put(attachment("c1", 1, Optional.empty()));
        before.remove("c1");
        before.remove("c1");

        assertThat(before.find("c1")).isEmpty();
        assertThat(Attachments.load(directory).all()).isEmpty();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void theIncarnationThatCameLastAndWasNotTakenAwayLives() throws IOException {
        Attachments attachments = Attachments.load(directory);
        PodAttachment first = attachment("c1", 1, Optional.empty());
        PodAttachment second = attachment("c2", 2, Optional.empty());
        attachments.put(second);
        attachments.put(first);
        attachments.put(attachment("c3", 3, Optional.empty()).gone());

        assertThat(attachments.living(POD)).hasValue(second);
        assertThat(attachments.living(PodName.of("pod2"))).isEmpty();
    }

    @Test
    void ofANetworkIsWhatCameWithItAndWasNotTakenAway() throws IOException {
        Attachments attachments = Attachments.load(directory);
        attachments.put(attachment("c1", 1, Optional.empty()));
        attachments.put(attachment("c2", 2, Optional.empty()).gone());

        assertThat(Attachments.load(directory).of("net"))
                .extracting(PodAttachment::containerId)
                .containsExactly("c1");
        assertThat(attachments.of("another")).isEmpty();
    }

    @Test
    void aNoteFromBeforeNetworksWereNotedIsOfNone() throws IOException {
        Attachments.load(directory).put(attachment("c1", 1, Optional.empty()));
        Path file = directory.resolve("c1.json");
        String text = Files.readString(file);
        assertThat(text).contains("\"network\":\"net\",");
        Files.writeString(file, text.replace("\"network\":\"net\",", ""));

        assertThat(Attachments.load(directory).find("c1")).isPresent();
        assertThat(Attachments.load(directory).of("net")).isEmpty();
    }

    @Test
    void whatIsLostIsNeitherAliveNorForgotten() throws IOException {
        Attachments attachments = Attachments.load(directory);
        PodAttachment lost = attachment("c1", 1, Optional.empty()).lost();
        attachments.put(lost);

        assertThat(Attachments.load(directory).of("net")).containsExactly(lost);
        assertThat(attachments.living(POD)).isEmpty();
        assertThat(attachments.at(lost.netns())).isEmpty();
        assertThat(lost.gone().lost().detached()).isTrue();
    }

    @Test
    void aBrokenFileHarmsNoOther() throws IOException {
        Attachments.load(directory).put(attachment("c1", 1, Optional.empty()));
        Files.writeString(directory.resolve("c2.json"), "{\"container_id\":");
        Files.writeString(directory.resolve("c3.json"), "{}");
        Files.writeString(directory.resolve("c4.json.new"), "half");

        assertThat(Attachments.load(directory).all()).hasSize(1);
        assertThat(directory.resolve("c2.json")).exists();
    }

    private static PodAttachment attachment(String containerId, long since, Optional<NetnsId> identity) {
        return new PodAttachment(
                containerId,
                "net",
                POD,
                "/run/netns/" + containerId,
                identity,
                "eth0",
                "http://127.0.0.1:2379",
                since,
                PodAttachment.Stage.LIVING);
    }
}
