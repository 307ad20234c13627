package io.meshnet.reconciler;

import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import java.util.List;

/** One thing that happens to the model's world. Its numbers choose among what there is at that moment. */
sealed interface Step {

    void take(ModelWorld world);

    /** A runtime adds a pod, whatever became of its earlier containers. */
    record Add(PodName pod, int node) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.add(pod, node);
        }
    }

    /** A runtime deletes a container, be it the pod's last or one that was superseded long ago. */
    record Delete(int node, int container) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.delete(node, container);
        }
    }

    /** A runtime deletes a container that it deleted before. */
    record DeleteAgain(int container) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.deleteAgain(container);
        }
    }

    /** An event of the store arrives, in any order; it may arrive again. */
    record Deliver(int node, int event, boolean again) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.deliver(node, event, again);
        }
    }

    /** An event of the store does not arrive. */
    record Lose(int node, int event) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.lose(node, event);
        }
    }

    /** A peer's update arrives, in any order; it may arrive again. */
    record Put(int update, boolean again) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.put(update, again);
        }
    }

    /** A peer's update does not arrive. */
    record LosePut(int update) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.losePut(update);
        }
    }

    /** A daemon begins to follow the store anew. */
    record Follow(int node) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.node(node).snapshot();
        }
    }

    /** A daemon is killed in the middle of a plan. */
    record Crash(int node, PodName pod, int steps, boolean half) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.node(node).crash(pod, steps, half);
        }
    }

    /** A node reboots. */
    record Reboot(int node) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.reboot(node);
        }
    }

    /** Somebody in a pod changes what is ours. */
    record Tamper(int node, int container, int what) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.tamper(node, container, what);
        }
    }

    /** A node no longer announces itself, or does again. */
    record NodeDies(int node) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.toggle(node);
        }
    }

    /** A pod's list of links is edited. */
    record Edit(PodName pod, List<DeclaredLink> links) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.declare(pod, links);
        }
    }
}
