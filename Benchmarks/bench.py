#!/usr/bin/env python3
"""The speed and memory figures of Armada, beside QEMU's and the raw socket's from the same run.

Every figure is a median of several rounds, and Armada and its peer take turns, so that what else happens on the machine
hits both. Only ratios mean something on another machine. Usage: make bench, or Benchmarks/bench.py --help.
"""

import argparse
import json
import math
import os
import pty
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUESTS = os.path.join(ROOT, "Guests", "build")
LINUX = os.path.join(ROOT, ".cache", "linux")
KERNELS = ["sieve", "strhash", "matrix", "crc", "sort", "records", "hashtable"]
COMMAND_LINE = "console=ttyAMA0 quiet panic=-1 armada.test="
LIMIT_SECONDS = 300


class Failure(Exception):
    pass


def armada(arguments):
    return [os.path.join(options.bin, "armada"), "run", "--timeout", str(LIMIT_SECONDS)] + arguments


def qemu(arguments, cpus=1):
    return ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-accel", "tcg,thread=multi", "-m",
            "512", "-smp", str(cpus), "-nic", "none", "-nographic", "-no-reboot"] + arguments


def run(command, env=None):
    """Runs to the end and returns the output."""
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_SECONDS + 30)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}\nended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


class Until:
    """Starts a program; `seconds` is the time until its output contained a text."""

    def __init__(self, command, text):
        self.start = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        seen = b""
        while text not in seen:
            block = os.read(self.process.stdout.fileno(), 65536)
            if not block:
                self.process.wait()
                raise Failure(f"{' '.join(command)}\nended before it printed {text!r}: {seen.decode(errors='replace')}")
            seen += block
        self.seconds = time.monotonic() - self.start

    def finish(self):
        self.process.stdout.read()
        self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()


def first(pattern, text):
    match = re.search(pattern, text)
    if not match:
        raise Failure(f"no {pattern!r} in: {text}")
    return [int(group) for group in match.groups()]


def medians(measures):
    """Each measure is a name and a function; all take turns, round for round."""
    samples = {name: [] for name, _ in measures}
    for _ in range(options.rounds):
        for name, measure in measures:
            samples[name].append(measure())
    return {name: statistics.median(values) for name, values in samples.items()}


rows = []


def row(figure, ours, peer, ratio, target="", reached=None):
    mark = "" if reached is None else "reached" if reached else "MISSED"
    rows.append((figure, ours, peer, ratio, target, mark))
    print("  " + "   ".join(part for part in (figure, ours, peer, ratio, target, mark) if part), file=sys.stderr)


def bench_kernels():
    def guest_time(name, command):
        return lambda: first(rf"{name}: (\d+) ns", run(command))[0]

    ratios = []
    for name in KERNELS:
        image = os.path.join(GUESTS, name)
        result = medians([("armada", guest_time(name, armada(["-k", image]))),
                          ("qemu", guest_time(name, qemu(["-kernel", image])))])
        ratio = result["qemu"] / result["armada"]
        ratios.append(ratio)
        row(f"kernel {name}", f"{result['armada'] / 1e6:.0f} ms", f"QEMU {result['qemu'] / 1e6:.0f} ms", f"{ratio:.2f}")
    mean = math.exp(statistics.fmean(map(math.log, ratios)))
    row("seven kernels, geometric mean, speed vs QEMU", "", "", f"{mean:.2f}", "≥ 0.5", mean >= 0.5)


def bench_boot():
    kernel, initrd = os.path.join(LINUX, "vmlinuz"), os.path.join(LINUX, "initrd.gz")

    def boot_time(command):
        def measure():
            until = Until(command, b"armada: init")
            until.finish()
            return until.seconds
        return measure

    for cpus in (1, 2):
        line = COMMAND_LINE + "init"
        result = medians([
            ("armada", boot_time(armada(["-k", kernel, "-i", initrd, "-c", str(cpus), "-p", line]))),
            ("qemu", boot_time(qemu(["-kernel", kernel, "-initrd", initrd, "-append", line], cpus))),
        ])
        ratio = result["armada"] / result["qemu"]
        row(f"Debian kernel to /init, {cpus} vCPU{'s' if cpus > 1 else ''}", f"{result['armada']:.2f} s",
            f"QEMU {result['qemu']:.2f} s", f"{ratio:.2f}", "≤ 2.5", ratio <= 2.5)


def exits(operations):
    """One `armada bench exits` on two processors; the operations by name."""
    command = [os.path.join(options.bin, "armada"), "bench", "exits", *operations, "--pin", "separate", "--cpus", "1",
               "--seconds", "1", "--json"]
    return {operation["name"]: operation for operation in json.loads(run(command))["runs"][0]["operations"]}


def bench_exits():
    if len(os.sched_getaffinity(0)) < 2:
        row("exits", "", "", "needs two processors")
        return
    compared, fast = ["hyp_call", "mmio_read_user"], ["eoi", "counter_read"]
    # A round takes two seconds, and a ratio to the raw socket moves by a tenth from one to the next.
    rounds = [exits(compared + fast) for _ in range(3 * options.rounds)]
    for name in compared:
        ours = statistics.median(round[name]["guest"]["percentiles_ns"]["50"] for round in rounds)
        floor = statistics.median(round[name]["floor"]["percentiles_ns"]["50"] for round in rounds)
        ratio = statistics.median(round[name]["ratio_to_floor"] for round in rounds)
        row(f"{name}, p50", f"{ours / 1e3:.2f} µs", f"raw socket {floor / 1e3:.2f} µs", f"{ratio:.2f}", "≤ 1.25",
            ratio <= 1.25)
        if name == "hyp_call":
            row("hyp_call, two processors, polling, p50", f"{ours / 1e3:.2f} µs", "", "", "≤ 4 µs", ours <= 4000)
    for name in fast:
        ours = statistics.median(round[name]["guest"]["percentiles_ns"]["50"] for round in rounds)
        row(f"fast exit {name}, p50", f"{ours:.0f} ns", "", "", "≤ 60 ns", ours <= 60)


def bench_stress():
    """SGIs between two vCPUs: how many a second, and how long one takes to a vCPU that runs."""
    def stress(scenario, *arguments):
        command = [os.path.join(options.bin, "armada"), "stress", scenario, "--cpus", "2", "--duration", "2", "--json", *arguments]
        return json.loads(run(command))["results"][0]

    flood, flood8, ring = [], [], []
    for _ in range(options.rounds):
        flood.append(stress("sgi-flood"))
        flood8.append(stress("sgi-flood", "--list-registers", "8"))
        ring.append(stress("sgi-ring"))
    for name, results, target in [("4 list registers", flood, 0), ("8 list registers", flood8, 60_000)]:
        rate = statistics.median(result["per_second"] for result in results)
        row(f"SGIs delivered, 2 vCPUs, {name}", f"{rate:,.0f} /s", "", "", f"≥ {target:,} /s" if target else "",
            rate >= target if target else None)
    ours = statistics.median(result["latency_ns"]["p50"] for result in ring)
    raw = statistics.median(result["raw_socket"]["p50_ns"] for result in ring)
    ratio = statistics.median(result["latency_ns"]["p50"] / result["raw_socket"]["p50_ns"] for result in ring)
    row("SGI to a running vCPU, p50", f"{ours / 1e3:.1f} µs", f"raw socket {raw / 1e3:.1f} µs", f"{ratio:.2f}", "≤ 3", ratio <= 3)


class Controlled:
    """A VM that runs, and a connection to its control socket. With `terminal`, its console's input."""

    def __init__(self, directory, guest, arguments, terminal=None):
        environment = dict(os.environ, XDG_RUNTIME_DIR=directory)
        self.process = subprocess.Popen(
            armada(["-k", os.path.join(GUESTS, guest)] + arguments), env=environment,
            stdin=subprocess.DEVNULL if terminal is None else terminal, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.connection = socket.socket(socket.AF_UNIX)
        try:
            if not self.process.stdout.readline():
                raise Failure(f"the guest {guest} does not start")
            listed = run([os.path.join(options.bin, "armada"), "ps", "--json"], env=environment)
            self.version = json.loads(listed)[0]["protocol"]
            self.connection.connect(os.path.join(directory, "armada", f"{self.process.pid}.sock"))
        except BaseException:
            self.end()
            raise

    def ask(self, body):
        """Sends the fields of a request beside protocol_version = 1, and returns the answer."""
        message = bytes([0x08, self.version]) + body
        self.connection.sendall(len(message).to_bytes(4, "little") + message)
        length = int.from_bytes(self.connection.recv(4, socket.MSG_WAITALL), "little")
        return self.connection.recv(length, socket.MSG_WAITALL)

    def do(self, body):
        """A request whose answer is `done` = 5, without content."""
        answer = self.ask(body)
        if answer != b"\x2a\x00":
            raise Failure(f"the VM refuses {body!r}: {answer!r}")

    def end(self):
        self.connection.close()
        self.process.kill()
        self.process.wait()


def bench_pause():
    """From the request to pause all of 8 busy vCPUs to the answer, by which the last one has left the guest."""
    count, limit = 1000, 5.0
    # pause = 5 and resume = 6, with all = 1.
    pause, resume = bytes([5 << 3 | 2, 2, 0x08, 1]), bytes([6 << 3 | 2, 2, 0x08, 1])

    def pauses(work):
        with tempfile.TemporaryDirectory() as directory:
            vm = Controlled(directory, "survive", ["-c", "8", "-m", "64M", "-p", f"work={work}"])
            try:
                milliseconds = []
                for _ in range(count):
                    time.sleep(random.uniform(0.001, 0.01))
                    start = time.monotonic()
                    vm.do(pause)
                    milliseconds.append(1e3 * (time.monotonic() - start))
                    vm.do(resume)
                return sorted(milliseconds)
            finally:
                vm.end()

    for name, work in [("exits, naps, TLBIs", 0), ("that compute", 30_000_000)]:
        samples = pauses(work)
        p50, p99 = samples[count // 2], samples[count * 99 // 100]
        row(f"pause of 8 vCPUs, {name}, p50", f"{p50:.2f} ms", "", "")
        row(f"pause of 8 vCPUs, {name}, p99", f"{p99:.2f} ms", "", "", f"≤ {limit:.0f} ms", p99 <= limit)


def bench_allocations():
    """Calls to malloc and its relatives for each exit: from two runs, one of which has more exits and nothing else."""
    def allocations(samples):
        with tempfile.TemporaryDirectory() as counts:
            environment = dict(os.environ, LD_PRELOAD=library, ARMADA_ALLOCATIONS=counts)
            command = [os.path.join(options.bin, "armada"), "bench", "exits", "hyp_call", "--cpus", "1", "--samples",
                       str(samples), "--seconds", "60", "--json"]
            subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=LIMIT_SECONDS)
            return sum(int(open(os.path.join(counts, name), encoding="ascii").read()) for name in os.listdir(counts))

    with tempfile.TemporaryDirectory() as directory:
        library = os.path.join(directory, "allocations.so")
        compiler = os.path.join(os.path.dirname(os.path.realpath(shutil.which("swift"))), "clang")
        subprocess.run([compiler if os.path.exists(compiler) else "clang", "-O2", "-shared", "-fPIC", "-o", library,
                        os.path.join(ROOT, "Benchmarks", "allocations.c")], check=True)
        few, many = 10_000, 60_000
        each = (allocations(many) - allocations(few)) / (many - few)
    # The lists in which the samples are reported grow a few times.
    row("allocations per exit, both processes", f"{abs(each):.4f}", "", "", "0", each < 0.005)


def bench_observing():
    """What it costs to look: the hypercall guest's p50 under each way of looking, beside that of a run without."""
    guest = ["-k", os.path.join(GUESTS, "hypercall"), "--pin", "separate"]

    def p50(arguments):
        return lambda: first(r"p50 (\d+) ns", run(armada(guest + arguments)))[0]

    def watched():
        until = subprocess.Popen(armada(guest), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(0.1)
        watch = subprocess.Popen([os.path.join(options.bin, "armada"), "stat", "live", str(until.pid), "--interval", "0.1"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        output = until.communicate(timeout=LIMIT_SECONDS)[0].decode()
        watch.wait()
        return first(r"p50 (\d+) ns", output)[0]

    with tempfile.TemporaryDirectory() as directory:
        result = medians([("off", p50(["--control", "none"])), ("stat live", watched),
                          ("--record", p50(["--record", os.path.join(directory, "record")])),
                          ("--trace", p50(["--trace", os.path.join(directory, "trace")])),
                          ("--world-switch nvhe", p50(["--world-switch", "nvhe"]))])
    for name, ours in result.items():
        if name != "off":
            row(f"hypercall p50, {name}", f"{ours / 1e3:.2f} µs", f"without {result['off'] / 1e3:.2f} µs",
                f"{ours / result['off']:.2f}")


class Peek(Controlled):
    """The guest `peek`, which is told on its terminal what to touch. One vCPU."""

    def __init__(self, directory, memory):
        self.terminal, end = pty.openpty()
        try:
            super().__init__(directory, "peek", ["-m", memory], terminal=end)
        finally:
            os.close(end)

    def touch(self, address, count, stride):
        """Nanoseconds, by the guest's clock, of writes."""
        os.write(self.terminal, f"t {address:x} {count:x} {stride:x}\n".encode())
        return first(r"took (\d+) ns", self.process.stdout.readline().decode())[0]

    def change_slot(self, number, change):
        # SlotChange = 40 with slot = 1 and a change.
        body = bytes([0x08, number]) + change
        self.do(b"\xc2\x02" + bytes([len(body)]) + body)

    def add_slot(self, number, address, size):
        # create = 2 with ipa = 1 and byte_count = 2.
        self.change_slot(number, b"\x12\x12\x09" + address.to_bytes(8, "little") + b"\x11" + size.to_bytes(8, "little"))

    def move_slot(self, number, address):
        # move = 4 with ipa = 1.
        self.change_slot(number, b"\x22\x09\x09" + address.to_bytes(8, "little"))

    def log_dirty_pages(self, number):
        # log_dirty_pages = 5 with on = 1.
        self.change_slot(number, b"\x2a\x02\x08\x01")

    def dirty_log(self, number, page_count):
        """Milliseconds for the log of a slot, and how many pages it had."""
        start = time.monotonic()
        # DirtyLog = 41 with slot = 1; the answer is DirtyPages = 40, whose words come last.
        answer = self.ask(b"\xca\x02\x02\x08" + bytes([number]))
        milliseconds = 1e3 * (time.monotonic() - start)
        if answer[:2] != b"\xc2\x02":
            raise Failure(f"no dirty log: {answer[:80]!r}")
        return milliseconds, int.from_bytes(answer[-page_count // 8:], "little").bit_count()

    def end(self):
        super().end()
        os.close(self.terminal)


def bench_stage2():
    """Faults that stage 2 serves, a guest that touches 1 GiB, and the dirty log of 1 GiB with all pages and with none."""
    gib, page, first_slot, second_slot = 1 << 30, 4096, 0x8000_0000, 0x1_0000_0000
    pages = gib // page
    with tempfile.TemporaryDirectory() as directory:
        program = os.path.join(directory, "touch")
        compiler = os.path.join(os.path.dirname(os.path.realpath(shutil.which("swift"))), "clang")
        subprocess.run([compiler if os.path.exists(compiler) else "clang", "-O2", "-o", program,
                        os.path.join(ROOT, "Benchmarks", "touch.c")], check=True)
        faults, blocks, plain, full, empty = [], [], [], [], []
        for number in range(options.rounds):
            beside = [lambda: plain.append(int(run([program, str(gib), str(page)])))]
            # Who comes second finds memory that the host has just got back: they take turns.
            if number % 2 == 0:
                beside.pop()()
            guest = Peek(directory, "1G")
            try:
                guest.add_slot(1, first_slot, gib)
                blocks.append(guest.touch(first_slot, pages, page))
                # The host has the memory now, and stage 2 nothing of it. A log keeps it to pages: each one faults.
                guest.move_slot(1, second_slot)
                guest.log_dirty_pages(1)
                faults.append(pages / (guest.touch(second_slot, pages, page) / 1e9))
                milliseconds, count = guest.dirty_log(1, pages)
                if count != pages:
                    raise Failure(f"{count} of {pages} pages are in the log")
                full.append(milliseconds)
                empty.append(guest.dirty_log(1, pages)[0])
            finally:
                guest.end()
            for measure in beside:
                measure()
    rate = statistics.median(faults)
    row("stage-2 faults of one vCPU, 4 KiB pages", f"{rate:,.0f} /s", "", "", "≥ 100,000 /s", rate >= 100_000)
    ours, beside = statistics.median(blocks) / 1e6, statistics.median(plain) / 1e6
    row("a guest touches 1 GiB, 2 MiB blocks", f"{ours:.0f} ms", f"memfd {beside:.0f} ms", f"{ours / beside:.2f}", "≤ 1.5",
        ours / beside <= 1.5)
    for name, samples in [("all pages written", full), ("none", empty)]:
        median = statistics.median(samples)
        row(f"dirty log of 1 GiB, {name}", f"{median:.2f} ms", "", "", "≤ 5 ms", median <= 5)


def private_bytes(pid):
    """Private memory without guest RAM, the largest memfd; a shared page that one process has mapped counts as private."""
    mappings = []
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as file:
        for line in file:
            fields = line.split()
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                mappings.append([fields[5] if len(fields) > 5 else "", 0, 0])
            elif fields[0] == "Size:":
                mappings[-1][1] = int(fields[1])
            elif fields[0] in ("Private_Clean:", "Private_Dirty:"):
                mappings[-1][2] += int(fields[1])
    memfds = [mapping for mapping in mappings if mapping[0].startswith("/memfd:")]
    ram = max(memfds, key=lambda mapping: mapping[1], default=None)
    return 1024 * sum(mapping[2] for mapping in mappings if ram is None or mapping[0] != ram[0])


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def bench_memory():
    kernel, initrd = os.path.join(LINUX, "vmlinuz"), os.path.join(LINUX, "initrd.gz")
    # Near the end of the checks: much of the kernel and several programs have run.
    until = Until(armada(["-k", kernel, "-i", initrd, "-c", "2", "-p", COMMAND_LINE + "all"]), b"armada: parallel")
    try:
        coordinator = private_bytes(until.process.pid)
        worker = max(map(private_bytes, children(until.process.pid)))
    except PermissionError:
        row("private memory", "", "", "run as root to look into the processes")
        return
    finally:
        until.kill()
    limit = 32 << 20
    row("private memory of a worker, Debian", f"{worker / 2**20:.1f} MiB", "", "", "≤ 32 MiB", worker <= limit)
    row("private memory of the coordinator", f"{coordinator / 2**20:.1f} MiB", "", "", "≤ 32 MiB", coordinator <= limit)


def bench_start():
    def start():
        until = Until(armada(["-k", os.path.join(GUESTS, "firstinsn"), "-c", "4"]), b"1")
        until.finish()
        return until.seconds

    samples = [start() for _ in range(4 * options.rounds)]
    milliseconds = 1e3 * statistics.median(samples)
    row("start to the first guest instruction, 4 vCPUs", f"{milliseconds:.1f} ms", "", "", "≤ 60 ms", milliseconds <= 60)


PARTS = {"kernels": bench_kernels, "boot": bench_boot, "exits": bench_exits, "stress": bench_stress, "pause": bench_pause,
         "stage2": bench_stage2, "allocations": bench_allocations, "observing": bench_observing, "memory": bench_memory,
         "start": bench_start}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; default: all")
parser.add_argument("--bin", default=os.path.join(ROOT, ".build", "release"), help="where armada and armada-vcpu are")
parser.add_argument("--rounds", type=int, default=5, help="rounds of each figure (default 5)")
options = parser.parse_args()
options.bin = os.path.abspath(options.bin)

failed = False
for name in options.parts or PARTS:
    if name not in PARTS:
        parser.error(f"unknown part {name}; any of {', '.join(PARTS)}")
    print(f"{name}:", file=sys.stderr)
    try:
        PARTS[name]()
    except (Failure, OSError, subprocess.SubprocessError) as error:
        failed = True
        print(f"bench: {name}: {error}", file=sys.stderr)
        rows.append((name, "", "", "failed", "", "MISSED"))

header = ("figure", "Armada", "beside it", "ratio", "target", "")
widths = [max(len(line[i]) for line in rows + [header]) for i in range(len(header))]
print(f"\n{os.cpu_count()} processors, medians of {options.rounds} rounds, taking turns\n")
for line in [header, tuple("-" * width for width in widths)] + rows:
    print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
sys.exit(1 if failed else 0)
