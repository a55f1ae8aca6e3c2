"""A poor line for tests, where the kernel has no netem: carries packets between a namespace and this one through two
TUN devices, each way with its own rate, delay and loss. Usage: link.py NAMESPACE NEAR FAR BITS_PER_SECOND DELAY_MS LOSS"""
import ctypes, fcntl, heapq, os, random, select, struct, subprocess, sys, time

namespace, near, far, rate, delay, loss = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), float(sys.argv[5]) / 1000, float(sys.argv[6])
libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    fd = os.open(path, os.O_RDONLY)
    if libc.setns(fd, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def tun(name, address, peer):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1001))  # IFF_TUN | IFF_NO_PI
    for line in (["addr", "add", address, "peer", peer, "dev", name], ["link", "set", name, "mtu", "1400", "up"]):
        subprocess.run(["ip", *line], check=True)
    return fd


home = "/proc/self/ns/net"
back = os.open(home, os.O_RDONLY)
enter(f"/var/run/netns/{namespace}")
inside = tun("skepfar", far, near)
libc.setns(back, 0x40000000)
outside = tun("skepnear", near, far)
print("ready", flush=True)

free = {inside: 0.0, outside: 0.0}  # when each direction can take the next packet
queue, count, lost, carried = [], 0, 0, 0
while True:
    now = time.monotonic()
    wait = max(0.0, queue[0][0] - now) if queue else 1.0
    readable, _, _ = select.select([inside, outside], [], [], wait)
    now = time.monotonic()
    for fd in readable:
        packet = os.read(fd, 2048)
        if random.random() < loss:
            lost += 1
            continue
        begin = max(now, free[fd])
        if begin - now > 3:  # a full buffer drops, as a modem's does
            lost += 1
            continue
        free[fd] = begin + len(packet) * 8 / rate
        count += 1
        carried += len(packet)
        heapq.heappush(queue, (free[fd] + delay, count, outside if fd == inside else inside, packet))
    while queue and queue[0][0] <= now:
        _, _, to, packet = heapq.heappop(queue)
        try:
            os.write(to, packet)
        except OSError:
            pass
    if os.getppid() == 1:
        sys.exit()
