/// One optional deadline per vCPU, the earliest first: an indexed binary heap, so that 512 sleepers cost no scan.
struct DeadlineQueue {
    private var heap: [Int] = []
    private var deadlines: [UInt64]
    /// Where a vCPU stands in the heap; -1: nowhere.
    private var positions: [Int]
    /// The earliest deadline, `UInt64.max` if there is none. Looked at before each wait, and so not taken from the arrays.
    private(set) var earliest = UInt64.max

    init(count: Int) {
        deadlines = Array(repeating: .max, count: count)
        positions = Array(repeating: -1, count: count)
        heap.reserveCapacity(count)
    }

    /// Sets or changes the deadline of `vcpu`; `UInt64.max` removes it.
    mutating func set(_ vcpu: Int, _ deadline: UInt64) {
        if deadline == .max { return remove(vcpu) }
        deadlines[vcpu] = deadline
        if positions[vcpu] < 0 {
            positions[vcpu] = heap.count
            heap.append(vcpu)
        }
        rise(positions[vcpu])
        sink(positions[vcpu])
        earliest = deadlines[heap[0]]
    }

    mutating func remove(_ vcpu: Int) {
        let position = positions[vcpu]
        guard position >= 0 else { return }
        swap(position, heap.count - 1)
        heap.removeLast()
        positions[vcpu] = -1
        if position < heap.count {
            let moved = heap[position]
            rise(position)
            sink(positions[moved])
        }
        earliest = heap.isEmpty ? .max : deadlines[heap[0]]
    }

    /// Takes out a vCPU whose deadline is not after `now`.
    mutating func popExpired(at now: UInt64) -> Int? {
        guard earliest <= now, let vcpu = heap.first else { return nil }
        remove(vcpu)
        return vcpu
    }

    private mutating func swap(_ a: Int, _ b: Int) {
        guard a != b else { return }
        heap.swapAt(a, b)
        positions[heap[a]] = a
        positions[heap[b]] = b
    }

    private mutating func rise(_ start: Int) {
        var position = start
        while position > 0, deadlines[heap[position]] < deadlines[heap[(position - 1) / 2]] {
            swap(position, (position - 1) / 2)
            position = (position - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var position = start
        while true {
            var least = position
            for child in (2 * position + 1)...(2 * position + 2)
            where child < heap.count && deadlines[heap[child]] < deadlines[heap[least]] { least = child }
            if least == position { return }
            swap(position, least)
            position = least
        }
    }
}
