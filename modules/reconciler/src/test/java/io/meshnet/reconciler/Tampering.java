package io.meshnet.reconciler;

import io.meshnet.reconciler.ModelKernel.Namespace;

/** What somebody in a pod does to an interface there. */
enum Tampering {
    DELETE {
        @Override
        void take(ModelNode node, Namespace pod, ModelInterface one) {
            node.remove(one);
        }
    },
    RENAME {
        @Override
        void take(ModelNode node, Namespace pod, ModelInterface one) {
            String name = pod.find("lan0").isEmpty() ? "lan0" : "eth2";
            if (pod.find(name).isEmpty()) {
                one.rename(name);
            }
        }
    },
    MOVE {
        @Override
        void take(ModelNode node, Namespace pod, ModelInterface one) {
            node.kernel().move(one, node.kernel().create());
        }
    },
    SET_DOWN {
        @Override
        void take(ModelNode node, Namespace pod, ModelInterface one) {
            one.setDown();
        }
    },
    SET_MTU {
        @Override
        void take(ModelNode node, Namespace pod, ModelInterface one) {
            one.setMtu(1280);
        }
    },
    FLUSH {
        @Override
        void take(ModelNode node, Namespace pod, ModelInterface one) {
            one.flush();
        }
    },
    ADD_ADDRESS {
        @Override
        void take(ModelNode node, Namespace pod, ModelInterface one) {
            one.add("192.0.2.1/32");
        }
    };

    abstract void take(ModelNode node, Namespace pod, ModelInterface one);
}
