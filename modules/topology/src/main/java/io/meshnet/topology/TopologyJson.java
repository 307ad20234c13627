package io.meshnet.topology;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The JSON of the seed: a pod's links as {@code /<pod>/links} holds them, both ways. */
public final class TopologyJson {
    static final String LIST = "a JSON array of links";

    private TopologyJson() {}

    /**
     * Reads a pod's list. Names are matched without regard to case, unknown ones ignored; an address may be missing,
     * null or empty, the MTU missing or null. A link between two interfaces of the pod may be listed from one end or from both, and is one link
     * either way.
     *
     * @param pod whose list it is
     * @param json UTF-8, or UTF-16 or UTF-32 as RFC 4627 lets a reader tell
     * @throws TopologyException with everything that is wrong; of a text that is no JSON, the first fault
     */
    public static List<DeclaredLink> parse(PodName pod, byte[] json) throws TopologyException {
        var reader = new LinkListReader(pod);
        Optional<String> fault = JsonText.read(json, JsonToken.START_ARRAY, LIST, reader::read);
        if (fault.isPresent()) {
            throw new TopologyException(List.of(Problem.ofList(pod, fault.get())));
        }
        List<Problem> problems = reader.problems();
        if (!problems.isEmpty()) {
            throw new TopologyException(problems);
        }
        return reader.links();
    }

    /** As {@link #parse(PodName, byte[])}, of a text. */
    public static List<DeclaredLink> parse(PodName pod, String json) throws TopologyException {
        return parse(pod, json.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes links in the form that {@link #parse} reads. What is not declared has no member. */
    public static String write(List<DeclaredLink> links) {
        var text = new StringWriter();
        try (JsonGenerator generator = JsonText.FACTORY.createGenerator(text)) {
            generator.writeStartArray();
            for (DeclaredLink link : links) {
                write(link, generator);
            }
            generator.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return text.toString();
    }

    private static void write(DeclaredLink link, JsonGenerator generator) throws IOException {
        generator.writeStartObject();
        generator.writeNumberField(LinkDraft.UID, link.uid());
        generator.writeStringField(LinkDraft.PEER_POD, link.peer().pod().name());
        generator.writeStringField(LinkDraft.LOCAL_INTF, link.local().ifname());
        write(LinkDraft.LOCAL_IP, link.local().address(), generator);
        generator.writeStringField(LinkDraft.PEER_INTF, link.peer().ifname());
        write(LinkDraft.PEER_IP, link.peer().address(), generator);
        if (link.mtu().isPresent()) {
            generator.writeNumberField(LinkDraft.MTU, link.mtu().getAsInt());
        }
        generator.writeEndObject();
    }

    // Either there is a member or there is none: the caller has an Optional in hand and nothing else to say.
    private static void write(String name, Optional<Prefix> address, JsonGenerator generator) throws IOException {
        if (address.isPresent()) {
            generator.writeStringField(name, address.get().toString());
        }
    }
}
