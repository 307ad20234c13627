package io.meshnet.topology;

import java.util.List;
import java.util.stream.Collectors;

/** A list of links that cannot be used. Its message tells every problem, on one line. */
public final class TopologyException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    /** @param problems at least one */
    public TopologyException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("; ")));
        this.problems = List.copyOf(problems);
    }

    /** Everything that is wrong, in the order of the text. */
    public List<Problem> problems() {
        return problems;
    }
}
