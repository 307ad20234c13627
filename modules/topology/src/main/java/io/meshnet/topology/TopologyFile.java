package io.meshnet.topology;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A whole topology in one text: a JSON object whose member names are pods or their keys, {@code /<pod>/links}, and
 * whose values are what etcd has under those keys.
 *
 * @param pods the pods whose lists have no problem of their own, in order
 * @param problems everything that is wrong, first within the lists and then between them; empty if the topology can be
 *     used
 */
public record TopologyFile(SortedMap<PodName, List<DeclaredLink>> pods, List<Problem> problems) {
    private static final Pattern KEY = Pattern.compile("/([^/]*)/links");

    public TopologyFile {
        pods = Collections.unmodifiableSortedMap(new TreeMap<>(pods));
        problems = List.copyOf(problems);
    }

    /** Reads a text and checks all of it. Never throws: what is wrong is in the {@link #problems}. */
    public static TopologyFile parse(byte[] json) {
        var pods = new TreeMap<PodName, List<DeclaredLink>>();
        var problems = new ArrayList<Problem>();
        Optional<String> fault = JsonText.read(
                json,
                JsonToken.START_OBJECT,
                "a JSON object of pods and their links",
                parser -> readPods(parser, pods, problems));
        if (fault.isPresent()) {
            return new TopologyFile(Collections.emptySortedMap(), List.of(Problem.ofFile("the text " + fault.get())));
        }
        problems.addAll(TopologyCheck.check(pods));
        return new TopologyFile(pods, problems);
    }

    private static void readPods(JsonParser parser, Map<PodName, List<DeclaredLink>> pods, List<Problem> problems)
            throws IOException {
        var seen = new TreeMap<PodName, String>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            Optional<PodName> pod = pod(key, problems);
            if (pod.isEmpty()) {
                parser.skipChildren();
                continue;
            }
            String earlier = seen.putIfAbsent(pod.get(), key);
            if (earlier != null) {
                problems.add(Problem.ofList(
                        pod.get(), "is in the text twice, as " + Quoted.of(earlier) + " and as " + Quoted.of(key)));
            }
            if (value == JsonToken.START_ARRAY) {
                var reader = new LinkListReader(pod.get());
                reader.read(parser);
                problems.addAll(reader.problems());
                if (reader.problems().isEmpty()) {
                    pods.putIfAbsent(pod.get(), reader.links());
                }
            } else {
                problems.add(
                        Problem.ofList(pod.get(), "is " + JsonText.described(parser) + ", not " + TopologyJson.LIST));
                parser.skipChildren();
            }
        }
    }

    private static Optional<PodName> pod(String key, List<Problem> problems) {
        Matcher matcher = KEY.matcher(key);
        try {
            return Optional.of(PodName.of(matcher.matches() ? matcher.group(1) : key));
        } catch (IllegalArgumentException e) {
            problems.add(Problem.ofFile(
                    Quoted.of(key) + " is neither the name of a pod nor a key /<pod>/links: " + e.getMessage()));
            return Optional.empty();
        }
    }
}
