// Makes veths as the koko library does, on the netlink package of Debian's golang-github-vishvananda-netlink-dev.
// Runs in the node's network namespace, and prints how long each took, in nanoseconds, one to a line.
//
//	koko PREFIX COUNT      between the namespaces PREFIX0 and PREFIX1 in /run/netns
package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

const group = 0x6d657368

type end struct {
	pod     netns.NsHandle
	name    string
	address net.IPNet
}

func must(what string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

// move takes a device of the node's into the pod, renames it there, sets it up and addresses it.
func move(node netns.NsHandle, temporary string, to end) {
	link, err := netlink.LinkByName(temporary)
	must("find "+temporary, err)
	must("move "+temporary, netlink.LinkSetNsFd(link, int(to.pod)))
	must("enter the pod", netns.Set(to.pod))
	link, err = netlink.LinkByName(temporary)
	must("find "+temporary+" in the pod", err)
	must("rename "+temporary, netlink.LinkSetName(link, to.name))
	must("set up "+to.name, netlink.LinkSetUp(link))
	must("address "+to.name, netlink.AddrAdd(link, &netlink.Addr{IPNet: &to.address}))
	must("leave the pod", netns.Set(node))
}

func veth(node netns.NsHandle, i int, near, far end) {
	names := [2]string{fmt.Sprintf("k%da", i), fmt.Sprintf("k%db", i)}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = names[0]
	attributes.MTU = 1450
	attributes.Group = group
	must("create "+names[0], netlink.LinkAdd(&netlink.Veth{LinkAttrs: attributes, PeerName: names[1]}))
	move(node, names[0], near)
	move(node, names[1], far)
}

func main() {
	runtime.LockOSThread()
	count, err := strconv.Atoi(os.Args[2])
	must("COUNT", err)
	node, err := netns.Get()
	must("this namespace", err)
	var pods [2]netns.NsHandle
	for i := range pods {
		pods[i], err = netns.GetFromName(os.Args[1] + strconv.Itoa(i))
		must("open pod", err)
	}
	for i := 0; i < count; i++ {
		mask := net.CIDRMask(30, 32)
		near := end{pods[0], fmt.Sprintf("a%d", i), net.IPNet{IP: net.IPv4(10, 0, byte(i>>6), byte(i<<2)+1), Mask: mask}}
		far := end{pods[1], fmt.Sprintf("b%d", i), net.IPNet{IP: net.IPv4(10, 0, byte(i>>6), byte(i<<2)+2), Mask: mask}}
		begin := time.Now()
		veth(node, i, near, far)
		fmt.Println(time.Since(begin).Nanoseconds())
	}
}
