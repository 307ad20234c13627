package io.meshnet.daemon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import io.meshnet.reconciler.peer.VtepUpdate;
import io.meshnet.topology.InterfaceName;
import io.meshnet.topology.NumericAddress;
import io.meshnet.topology.Prefix;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Reads the body of {@code PUT /vtep}. */
final class VtepRequest {

    /** A body that does not say what it should; the message names the member and what is wrong with it. */
    static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final int MAX_VNI = (1 << 24) - 1;

    private final JsonNode body;

    private VtepRequest(JsonNode body) {
        this.body = body;
    }

    /** Decodes a body; whatever is wrong with it is found here, before anything is done. */
    static VtepUpdate decode(byte[] bytes) throws MalformedException {
        VtepRequest request = new VtepRequest(object(bytes));
        return new VtepUpdate(request.netns(), request.ifname(), request.address(), request.remote(), request.vni());
    }

    private static JsonNode object(byte[] bytes) throws MalformedException {
        JsonNode body;
        try {
            body = JSON.readTree(bytes);
        } catch (JsonProcessingException e) {
            throw new MalformedException("the body is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new MalformedException("the body cannot be read: " + e.getMessage());
        }
        if (!body.isObject()) {
            throw new MalformedException("the body is not a JSON object");
        }
        return body;
    }

    private Path netns() throws MalformedException {
        String text = text("net_ns");
        try {
            Path path = Path.of(text);
            if (path.isAbsolute() && path.getFileName() != null) {
                return path;
            }
        } catch (InvalidPathException _) {
            // Told below, as any other text that is no absolute path.
        }
        throw new MalformedException("net_ns: \"" + text + "\" is not an absolute path");
    }

    private String ifname() throws MalformedException {
        String text = text("link_name");
        Optional<String> defect = InterfaceName.defect(text);
        if (defect.isPresent()) {
            throw new MalformedException("link_name: \"" + text + "\" " + defect.get());
        }
        return text;
    }

    private Optional<Prefix> address() throws MalformedException {
        JsonNode given = body.path("link_ip");
        if (given.isMissingNode() || given.isNull() || given.equals(TextNode.valueOf(""))) {
            return Optional.empty();
        }
        try {
            return Optional.of(Prefix.parse(text("link_ip")));
        } catch (IllegalArgumentException e) {
            throw new MalformedException("link_ip: " + given + ": " + e.getMessage());
        }
    }

    private InetAddress remote() throws MalformedException {
        try {
            InetAddress remote = NumericAddress.parse(text("peer_vtep"));
            if (remote.isAnyLocalAddress() || remote.isMulticastAddress()) {
                throw new MalformedException("peer_vtep: " + body.path("peer_vtep") + " is not the address of a node");
            }
            return remote;
        } catch (IllegalArgumentException e) {
            throw new MalformedException("peer_vtep: " + e.getMessage());
        }
    }

    private int vni() throws MalformedException {
        JsonNode vni = body.path("vni");
        if (!vni.isIntegralNumber() || !vni.canConvertToInt() || vni.intValue() < 1 || vni.intValue() > MAX_VNI) {
            throw new MalformedException("vni: " + shown(vni) + " is not an integer from 1 to " + MAX_VNI);
        }
        return vni.intValue();
    }

    private String text(String member) throws MalformedException {
        JsonNode value = body.path(member);
        if (!value.isTextual() || value.textValue().isEmpty()) {
            throw new MalformedException(member + ": " + shown(value) + " is not a text");
        }
        return value.textValue();
    }

    private static String shown(JsonNode value) {
        return value.isMissingNode() ? "(missing)" : value.toString();
    }
}
