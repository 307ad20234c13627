/**
 * TopologyStore on etcd's v3 API, in the keys of the seed.
 *
 * <pre>
 * /&lt;pod&gt;/links          JSON array of links, written by users                    read
 * /&lt;pod&gt;/src_ip         VTEP address of the pod's node; empty: not alive         read, written
 * /&lt;pod&gt;/net_ns         path of the pod's network namespace; empty: not alive    read, written
 * /&lt;pod&gt;/container_id   the incarnation; the original does not write it          read, written
 * /&lt;pod&gt;/node           name of the pod's node; the original does not write it   read, written
 * /meshnet/nodes/&lt;node&gt;  VTEP address of a node that is alive, under a lease; not the original's  read, written
 * </pre>
 *
 * No pod has the last one, whatever its name: a pod's keys end with one of its five items. Every other key is ignored. The keys have no namespace: pods are in
 * {@link io.meshnet.topology.PodName#DEFAULT_NAMESPACE}.
 */
package io.meshnet.store.etcd;
