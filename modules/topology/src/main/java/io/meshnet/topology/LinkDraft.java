package io.meshnet.topology;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * As much of one element of a list as could be read, and everything that is wrong with it for itself. Names are matched
 * without regard to case and unknown ones ignored, as the original does.
 */
final class LinkDraft {
    static final String UID = "uid";
    static final String PEER_POD = "peer_pod";
    static final String LOCAL_INTF = "local_intf";
    static final String LOCAL_IP = "local_ip";
    static final String PEER_INTF = "peer_intf";
    static final String PEER_IP = "peer_ip";
    static final String MTU = "mtu";

    private final PodName pod;
    private final int index;
    private final List<Fault> faults = new ArrayList<>();

    private Optional<Integer> uid = Optional.empty();
    private Optional<LinkEnd> local = Optional.empty();
    private Optional<LinkEnd> peer = Optional.empty();
    private OptionalInt mtu = OptionalInt.empty();

    private LinkDraft(PodName pod, int index) {
        this.pod = pod;
        this.index = index;
    }

    private record Fault(Optional<String> name, String text) {}

    private record Member(String name, JsonToken token, String described, String text) {}

    /** Reads one element; the parser is at its first token, and is left at its last. */
    static LinkDraft read(PodName pod, int index, JsonParser parser) throws IOException {
        var draft = new LinkDraft(pod, index);
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            draft.faults.add(new Fault(Optional.empty(), "is " + JsonText.described(parser) + ", not an object"));
            parser.skipChildren();
            return draft;
        }
        draft.interpret(draft.members(parser));
        return draft;
    }

    OptionalInt uid() {
        return uid.map(OptionalInt::of).orElseGet(OptionalInt::empty);
    }

    int index() {
        return index;
    }

    /** The declaring pod's end, if its name is one. */
    Optional<LinkEnd> local() {
        return local;
    }

    /** The other end, if pod and name are. */
    Optional<LinkEnd> peer() {
        return peer;
    }

    /** The link; empty if there is a problem. */
    Optional<DeclaredLink> link() {
        return faults.isEmpty()
                ? Optional.of(new DeclaredLink(uid.orElseThrow(), local.orElseThrow(), peer.orElseThrow(), mtu))
                : Optional.empty();
    }

    /** "link 0 (uid 11)", for a message about another link of the same list. */
    String designation() {
        return "link " + index + uid.map(known -> " (uid " + known + ")").orElse("");
    }

    List<Problem> problems() {
        return faults.stream()
                .map(fault -> new Problem(Optional.of(pod), OptionalInt.of(index), uid(), fault.name(), fault.text()))
                .toList();
    }

    void fault(String name, String text) {
        faults.add(new Fault(Optional.of(name), text));
    }

    private Map<String, Member> members(JsonParser parser) throws IOException {
        var members = new TreeMap<String, Member>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            var member =
                    new Member(name, token, JsonText.described(parser), token.isScalarValue() ? parser.getText() : "");
            parser.skipChildren();
            Member earlier = members.put(name.toLowerCase(Locale.ROOT), member);
            if (earlier != null && isKnown(name)) {
                fault(
                        name.toLowerCase(Locale.ROOT),
                        "is given twice, first as " + Quoted.of(earlier.name()) + " and then as " + Quoted.of(name));
            }
        }
        return members;
    }

    private static boolean isKnown(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case UID, PEER_POD, LOCAL_INTF, LOCAL_IP, PEER_INTF, PEER_IP, MTU -> true;
            default -> false;
        };
    }

    private void interpret(Map<String, Member> members) {
        uid = uid(members);
        Optional<PodName> peerPod = required(members, PEER_POD, LinkDraft::podName);
        Optional<String> localIntf = required(members, LOCAL_INTF, LinkDraft::ifname);
        Optional<Prefix> localIp = address(members, LOCAL_IP);
        Optional<String> peerIntf = required(members, PEER_INTF, LinkDraft::ifname);
        Optional<Prefix> peerIp = address(members, PEER_IP);
        mtu = mtu(members);
        local = localIntf.map(name -> new LinkEnd(pod, name, localIp));
        peer = peerPod.flatMap(owner -> peerIntf.map(name -> new LinkEnd(owner, name, peerIp)));
        if (local.isPresent() && peer.isPresent() && local.get().sameInterface(peer.get())) {
            fault(PEER_INTF, Quoted.of(local.get().ifname()) + " of this same pod is the link's own local_intf");
        }
        if (localIp.isPresent() && peerIp.isPresent() && !localIp.get().sameFamily(peerIp.get())) {
            fault(PEER_IP, peerIp.get() + " is of another address family than local_ip " + localIp.get());
        }
    }

    private Optional<Integer> uid(Map<String, Member> members) {
        Member member = members.get(UID);
        if (member == null || member.token() == JsonToken.VALUE_NULL) {
            fault(
                    UID,
                    members.containsKey("uuid")
                            ? "is missing; \"uuid\" was probably meant to be \"uid\""
                            : "is missing");
            return Optional.empty();
        }
        String why = " (the VNI is " + DeclaredLink.VNI_BASE + " + uid and has 24 bits)";
        return integer(UID, member, 1, DeclaredLink.MAX_UID, why);
    }

    private OptionalInt mtu(Map<String, Member> members) {
        Member member = members.get(MTU);
        if (member == null || member.token() == JsonToken.VALUE_NULL) {
            return OptionalInt.empty();
        }
        return integer(MTU, member, DeclaredLink.MIN_MTU, DeclaredLink.MAX_MTU, "")
                .map(OptionalInt::of)
                .orElseGet(OptionalInt::empty);
    }

    /** A number from least to most; {@code why} follows the words that say so. */
    private Optional<Integer> integer(String name, Member member, int least, int most, String why) {
        if (member.token() != JsonToken.VALUE_NUMBER_INT) {
            fault(name, member.described() + " is not an integer");
            return Optional.empty();
        }
        var value = new BigInteger(member.text());
        if (value.compareTo(BigInteger.valueOf(least)) < 0 || value.compareTo(BigInteger.valueOf(most)) > 0) {
            fault(name, member.described() + " is out of the range " + least + " to " + most + why);
            return Optional.empty();
        }
        return Optional.of(value.intValue());
    }

    /** Throws an IllegalArgumentException whose message is the text of the fault. */
    private <T> Optional<T> required(Map<String, Member> members, String name, Function<String, T> reading) {
        Member member = members.get(name);
        if (member == null || member.token() == JsonToken.VALUE_NULL) {
            fault(name, "is missing");
            return Optional.empty();
        }
        return string(name, member).flatMap(text -> tried(name, text, reading));
    }

    private Optional<Prefix> address(Map<String, Member> members, String name) {
        Member member = members.get(name);
        if (member == null || member.token() == JsonToken.VALUE_NULL) {
            return Optional.empty();
        }
        return string(name, member)
                .filter(text -> !text.isEmpty())
                .flatMap(text -> tried(name, text, LinkDraft::interfaceAddress));
    }

    private Optional<String> string(String name, Member member) {
        if (member.token() != JsonToken.VALUE_STRING) {
            fault(name, member.described() + " is not a string");
            return Optional.empty();
        }
        return Optional.of(member.text());
    }

    private <T> Optional<T> tried(String name, String text, Function<String, T> reading) {
        try {
            return Optional.of(reading.apply(text));
        } catch (IllegalArgumentException e) {
            fault(name, e.getMessage());
            return Optional.empty();
        }
    }

    private static PodName podName(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("is empty");
        }
        return PodName.of(text);
    }

    private static String ifname(String text) {
        InterfaceName.defect(text).ifPresent(defect -> {
            throw new IllegalArgumentException(text.isEmpty() ? defect : Quoted.of(text) + " " + defect);
        });
        return text;
    }

    private static Prefix interfaceAddress(String text) {
        Prefix prefix;
        try {
            prefix = Prefix.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(Quoted.of(text) + " is not a CIDR address: " + e.getMessage(), e);
        }
        if (prefix.address().isMulticastAddress() || prefix.address().isAnyLocalAddress()) {
            throw new IllegalArgumentException(Quoted.of(text) + " is not an address that an interface can have");
        }
        return prefix;
    }
}
