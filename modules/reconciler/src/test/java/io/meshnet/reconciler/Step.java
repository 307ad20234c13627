package io.meshnet.reconciler;

import io.meshnet.topology.DeclaredLink;
import io.meshnet.topology.PodName;
import java.util.List;

/**
 * One thing that happens to the model's world. Its numbers choose among what there is at that
 * moment.
 */
sealed interface Step {

    void take(ModelWorld world);

    /** A runtime adds a pod, whatever became of its earlier containers. */
    record Add(PodName pod, int node) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.add(pod, node);
        }
    }

    /**
     * A runtime deletes a container, be it the pod's last or one that was superseded long ago,
     * before or after its namespace.
     */
    record Delete(int node, int container, boolean late) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.delete(node, container, late);
        }
    }

    /** The namespace of a container ends, and the runtime does not say so yet. */
    record Vanish(int node, int container) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.vanish(node, container);
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

    /** Somebody who is no daemon asks for an interface. */
    record Forge(int node, int container, String ifname, int vni) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.forge(node, container, ifname, vni);
        }
    }

    /** A daemon takes in what the kernel has notified of since the last time. */
    record Notice(int node) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.node(node).notice();
        }
    }

    /** A daemon is killed after some system calls of another step, and started again. */
    record Kill(int node, int steps, Step during) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.kill(node, steps, during);
        }
    }

    /** The patch namespace is lost while no daemon runs. */
    record LosePatch(int node) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.node(node).losePatch();
        }
    }

    /** A node reboots. */
    record Reboot(int node) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.node(node).reboot();
        }
    }

    /** Somebody in a pod does something to one of its interfaces. */
    record Tamper(int node, int container, int which, Tampering how) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.tamper(node, container, which, how);
        }
    }

    /** Somebody in a pod makes an interface under a name that a link may want. */
    record Foreign(int node, int container, String name) implements Step {
        @Override
        public void take(ModelWorld world) {
            world.foreign(node, container, name);
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
