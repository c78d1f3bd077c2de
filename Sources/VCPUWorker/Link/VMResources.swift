import CHost
import Glibc
import Shared

/// What the coordinator shares with a worker: Welcome, and the memory that came with it.
struct VMResources: ~Copyable {
    let welcome: WelcomeFrame
    let ram: MappedMemory
    /// Read-only: only the coordinator writes stage-2 tables.
    let stage2Tables: MappedMemory
    let controlPage: MappedMemory

    /// Maps the descriptors that came with `welcome`.
    static func open(
        _ welcome: WelcomeFrame, descriptors: inout ReceivedDescriptors
    ) throws(LinkError) -> VMResources {
        guard descriptors.count == WireProtocol.welcomeDescriptorCount, let ramFile = descriptors.take(0),
            let stage2File = descriptors.take(1), let controlFile = descriptors.take(2)
        else { throw .wire(.descriptorCount(descriptors.count)) }
        let ram = try map(ramFile, byteCount: welcome.ramByteCount, writable: true, name: "guest RAM")
        let stage2Tables = try map(
            stage2File, byteCount: welcome.stage2ByteCount, writable: false, name: "the stage-2 tables")
        let controlPage = try map(
            controlFile, byteCount: welcome.controlByteCount, writable: true, name: "the control page")
        let base = controlPage.base
        guard armada_load_relaxed32(base + ControlPage.magicOffset) == ControlPage.magic,
            armada_load_relaxed32(base + ControlPage.versionOffset) == ControlPage.version,
            armada_load_relaxed32(base + ControlPage.vcpuCountOffset) == welcome.vcpuCount
        else { throw .controlPage }
        return VMResources(welcome: welcome, ram: ram, stage2Tables: stage2Tables, controlPage: controlPage)
    }

    /// Maps a memory file after a look at its size: an access beyond its end would be a SIGBUS.
    private static func map(
        _ descriptor: borrowing OwnedDescriptor, byteCount: UInt64, writable: Bool, name: StaticString
    ) throws(LinkError) -> MappedMemory {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { throw .host(SystemError("inspect \(name)")) }
        guard status.st_size >= 0, UInt64(status.st_size) >= byteCount else {
            throw .smallFile(name, byteCount: Int64(status.st_size), needed: byteCount)
        }
        do throws(SystemError) {
            return try MappedMemory(
                descriptor: descriptor.rawValue, byteCount: Int(byteCount), writable: writable, name: "\(name)")
        } catch {
            throw .host(error)
        }
    }
}
