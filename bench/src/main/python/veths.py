"""Makes veths with pyroute2, both ends straight into their namespaces, and prints how long each took, in nanoseconds.

veths.py PREFIX COUNT      between the namespaces PREFIX0 and PREFIX1 in /run/netns; runs in the node's
"""

import os
import sys
import time

from pyroute2 import IPRoute, NetNS

GROUP = 0x6D657368
FIRST_IFINDEX = 100000


def end(i, side, name, netns):
    return {
        "ifname": name,
        "mtu": 1450,
        "address": "02:%02x:00:00:%02x:%02x" % (side, i >> 8, i & 255),
        "group": GROUP,
        "net_ns_fd": netns,
    }


def veth(node, pods, files, i):
    near = end(i, 0, "a%d" % i, files[0])
    node.link("add", kind="veth", index=FIRST_IFINDEX + 2 * i, peer=end(i, 1, "b%d" % i, files[1]), **near)
    for side, pod in enumerate(pods):
        # pyroute2 lets one choose the index of the one end, not of its peer.
        index = FIRST_IFINDEX + 2 * i if side == 0 else pod.link_lookup(ifname="b%d" % i)[0]
        pod.link("set", index=index, state="up", ifalias="bench:%d" % i)
        address = "10.0.%d.%d" % (i >> 6, ((i << 2) & 255) + 1 + side)
        pod.addr("add", index=index, address=address, prefixlen=30)


def main():
    prefix, count = sys.argv[1], int(sys.argv[2])
    names = [prefix + "0", prefix + "1"]
    files = [os.open("/run/netns/" + name, os.O_RDONLY) for name in names]
    pods = [NetNS(name) for name in names]
    with IPRoute() as node:
        for i in range(count):
            begin = time.monotonic_ns()
            veth(node, pods, files, i)
            print(time.monotonic_ns() - begin)
    for pod in pods:
        pod.close()


main()
