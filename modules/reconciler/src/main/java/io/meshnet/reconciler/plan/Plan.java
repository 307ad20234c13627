package io.meshnet.reconciler.plan;

import io.meshnet.reconciler.state.LinkId;
import io.meshnet.reconciler.state.LinkStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What to do for the links of a pod.
 *
 * @param actions in this order
 * @param statuses how each link stands once the actions are done; a link between two interfaces of one pod is there twice
 */
public record Plan(List<Action> actions, List<LinkStatus> statuses) {

    /** Copies the lists. */
    public Plan {
        actions = List.copyOf(actions);
        statuses = List.copyOf(statuses);
    }

    /** What each link that has actions lacks, in words. */
    public Map<LinkId, String> lacking() {
        Map<LinkId, String> lacking = new HashMap<>();
        for (Action action : actions) {
            action.link()
                    .ifPresent(
                            link -> lacking.merge(link, "it lacks " + action, (some, _) -> some + ", and " + action));
        }
        return lacking;
    }

    /**
     * How each link stands after an attempt, each link once, in the order of the plan.
     *
     * @param failed the reason for each link that failed
     */
    public List<LinkStatus> statuses(Map<LinkId, String> failed) {
        Map<LinkId, LinkStatus> byLink = new LinkedHashMap<>();
        for (LinkStatus planned : statuses) {
            String reason = failed.get(planned.link().id());
            LinkStatus status = reason == null ? planned : planned.failed(reason);
            byLink.merge(
                    planned.link().id(),
                    status,
                    (first, second) -> first.phase() == LinkStatus.Phase.IN_PLACE ? second : first);
        }
        return new ArrayList<>(byLink.values());
    }
}
