package io.meshnet.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Writes a topology into etcd, through its JSON gateway, and prints each pod with the number of its links.
 *
 * <pre>
 *   ENDPOINT pair NAME LINKS FIRST_UID       NAMEa and NAMEb, so many links between them
 *   ENDPOINT ring NAME PODS LINKS FIRST_UID  NAME0 and so on: a ring, and chords at random, always the same
 * </pre>
 */
public final class Topology {

    /** What etcd takes in one transaction (--max-txn-ops). */
    private static final int AT_ONCE = 128;

    private final Map<String, List<String>> pods = new LinkedHashMap<>();
    private int uid;

    private Topology(int firstUid) {
        this.uid = firstUid;
    }

    /** Does what the arguments say. */
    public static void main(String[] arguments) throws Exception {
        int links = Integer.parseInt(arguments[arguments.length - 2]);
        Topology topology = new Topology(Integer.parseInt(arguments[arguments.length - 1]));
        String name = arguments[2];
        switch (arguments[1]) {
            case "pair" -> topology.pair(name, links);
            case "ring" -> topology.ring(name, Integer.parseInt(arguments[3]), links);
            default -> throw new IllegalArgumentException(arguments[1] + " is no topology");
        }
        topology.write(arguments[0]);
        topology.pods.forEach((pod, own) -> System.out.println(pod + " " + own.size()));
    }

    private void pair(String name, int links) {
        for (int i = 0; i < links; i++) {
            link(name + "a", name + "b");
        }
    }

    private void ring(String name, int count, int links) {
        Random random = new Random(4711);
        for (int i = 0; i < count; i++) {
            link(name + i, name + (i + 1) % count);
        }
        for (int i = count; i < links; i++) {
            int near = random.nextInt(count);
            link(name + near, name + (near + 2 + random.nextInt(count - 3)) % count);
        }
    }

    private void link(String near, String far) {
        List<String> ofNear = pods.computeIfAbsent(near, _ -> new ArrayList<>());
        List<String> ofFar = pods.computeIfAbsent(far, _ -> new ArrayList<>());
        String nearIntf = "e" + ofNear.size();
        String farIntf = "e" + ofFar.size();
        ofNear.add(json(far, nearIntf, 1, farIntf, 2));
        ofFar.add(json(near, farIntf, 2, nearIntf, 1));
        uid++;
    }

    private String json(String peer, String intf, int host, String peerIntf, int peerHost) {
        String network = "%d.%d.%d.".formatted(100 + (uid >> 16), uid >> 8 & 255, uid & 255);
        return """
                {"uid": %d, "peer_pod": "%s", "local_intf": "%s", "local_ip": "%s%d/24", "peer_intf": "%s", "peer_ip": "%s%d/24"}\
                """.formatted(uid, peer, intf, network, host, peerIntf, network, peerHost);
    }

    private void write(String endpoint) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            List<String> puts = new ArrayList<>();
            for (Map.Entry<String, List<String>> pod : pods.entrySet()) {
                puts.add("{\"requestPut\": {\"key\": \"%s\", \"value\": \"%s\"}}"
                        .formatted(
                                base64("/" + pod.getKey() + "/links"),
                                base64("[" + String.join(",\n", pod.getValue()) + "]")));
                if (puts.size() == AT_ONCE) {
                    post(client, endpoint, puts);
                    puts.clear();
                }
            }
            if (!puts.isEmpty()) {
                post(client, endpoint, puts);
            }
        }
    }

    private static void post(HttpClient client, String endpoint, List<String> puts)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(endpoint + "/v3/kv/txn"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"success\": [" + String.join(",", puts) + "]}"))
                .build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("etcd answered " + response.statusCode() + ": " + response.body());
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
