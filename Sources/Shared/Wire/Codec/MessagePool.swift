import Glibc

/// The memory of one message while it is put together: protobuf-c wants pointers to what a message holds. Freed with the
/// pool.
package struct MessagePool: ~Copyable {
    private var blocks: [UnsafeMutableRawPointer] = []

    package init() {}

    deinit { for block in blocks { block.deallocate() } }

    /// A message that protobuf-c's `initialize` has made.
    package mutating func message<Message>(
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void, _ fill: (inout Message) -> Void = { _ in }
    ) -> UnsafeMutablePointer<Message> {
        let pointer = allocate(Message.self, count: 1)
        initialize(pointer)
        fill(&pointer.pointee)
        return pointer
    }

    package mutating func array<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let pointer = allocate(Element.self, count: elements.count)
        for (index, element) in elements.enumerated() { (pointer + index).initialize(to: element) }
        return pointer
    }

    /// Ends at a NUL in `text`.
    package mutating func string(_ text: String) -> UnsafeMutablePointer<CChar> {
        array(text.utf8.map { CChar(bitPattern: $0) } + [0])
    }

    private mutating func allocate<Element>(_ type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, MemoryLayout<Element>.stride * count), alignment: 16)
        blocks.append(block)
        return block.bindMemory(to: type, capacity: count)
    }
}
