import CHost

/// Both ends of a pipe.
package struct PipeEnds: ~Copyable {
    package let reader: OwnedDescriptor
    package let writer: OwnedDescriptor

    package init() throws(SystemError) {
        var ends: (reader: CInt, writer: CInt) = (-1, -1)
        guard armada_pipe(&ends.reader, &ends.writer) == 0 else { throw SystemError("create a pipe") }
        reader = OwnedDescriptor(ends.reader)
        writer = OwnedDescriptor(ends.writer)
    }

    /// Gives the ends to two owners.
    package consuming func split() -> (reader: CInt, writer: CInt) { (reader.release(), writer.release()) }
}
