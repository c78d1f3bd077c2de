import Shared
import Testing

@testable import Coordinator

@Suite struct Stage2GeometryTests {
    private struct Shape: Sendable {
        var granule: TranslationGranule
        var ipaBits: Int
        var startLevel: Int
        var rootTables: UInt64
        /// T0SZ, SL0, TG0 and PS.
        var vtcr: UInt64
    }

    /// Worked out by hand from `kvm_get_vtcr` and the tables of the Arm ARM: a level more where the next 16 tables end.
    private static let shapes = [
        Shape(granule: .size4K, ipaBits: 32, startLevel: 2, rootTables: 4, vtcr: 32 | 0 << 6 | 0 << 14 | 0 << 16),
        Shape(granule: .size4K, ipaBits: 34, startLevel: 2, rootTables: 16, vtcr: 30 | 0 << 6 | 0 << 14 | 1 << 16),
        Shape(granule: .size4K, ipaBits: 35, startLevel: 1, rootTables: 1, vtcr: 29 | 1 << 6 | 0 << 14 | 1 << 16),
        Shape(granule: .size4K, ipaBits: 40, startLevel: 1, rootTables: 2, vtcr: 24 | 1 << 6 | 0 << 14 | 2 << 16),
        Shape(granule: .size4K, ipaBits: 43, startLevel: 1, rootTables: 16, vtcr: 21 | 1 << 6 | 0 << 14 | 4 << 16),
        Shape(granule: .size4K, ipaBits: 44, startLevel: 0, rootTables: 1, vtcr: 20 | 2 << 6 | 0 << 14 | 4 << 16),
        Shape(granule: .size4K, ipaBits: 48, startLevel: 0, rootTables: 1, vtcr: 16 | 2 << 6 | 0 << 14 | 5 << 16),
        Shape(granule: .size16K, ipaBits: 32, startLevel: 2, rootTables: 1, vtcr: 32 | 1 << 6 | 2 << 14 | 0 << 16),
        Shape(granule: .size16K, ipaBits: 40, startLevel: 2, rootTables: 16, vtcr: 24 | 1 << 6 | 2 << 14 | 2 << 16),
        Shape(granule: .size16K, ipaBits: 41, startLevel: 1, rootTables: 1, vtcr: 23 | 2 << 6 | 2 << 14 | 3 << 16),
        Shape(granule: .size16K, ipaBits: 48, startLevel: 1, rootTables: 2, vtcr: 16 | 2 << 6 | 2 << 14 | 5 << 16),
        Shape(granule: .size64K, ipaBits: 32, startLevel: 2, rootTables: 1, vtcr: 32 | 1 << 6 | 1 << 14 | 0 << 16),
        Shape(granule: .size64K, ipaBits: 46, startLevel: 2, rootTables: 16, vtcr: 18 | 1 << 6 | 1 << 14 | 5 << 16),
        Shape(granule: .size64K, ipaBits: 47, startLevel: 1, rootTables: 1, vtcr: 17 | 2 << 6 | 1 << 14 | 5 << 16),
        Shape(granule: .size64K, ipaBits: 48, startLevel: 1, rootTables: 1, vtcr: 16 | 2 << 6 | 1 << 14 | 5 << 16),
    ]

    @Test func `as many tables are concatenated as save a level, and VTCR_EL2 says so`() {
        for shape in Self.shapes {
            let geometry = Stage2Geometry(granule: shape.granule, ipaBits: shape.ipaBits)
            #expect(geometry.startLevel == shape.startLevel, "\(shape)")
            #expect(geometry.rootTableCount == shape.rootTables, "\(shape)")
            // RES1, and write-back inner-shareable walks.
            #expect(geometry.vtcr == 0x8000_3500 | shape.vtcr, "\(shape)")
        }
    }

    @Test func `blocks are those that the granule has and the tables reach`() {
        #expect(Stage2Geometry(granule: .size4K, ipaBits: 34).largestBlockLevel == 2)
        #expect(Stage2Geometry(granule: .size4K, ipaBits: 40).largestBlockLevel == 1)
        #expect(Stage2Geometry(granule: .size4K, ipaBits: 48).largestBlockLevel == 1)
        #expect(Stage2Geometry(granule: .size16K, ipaBits: 48).largestBlockLevel == 2)
        #expect(Stage2Geometry(granule: .size64K, ipaBits: 48).largestBlockLevel == 2)
        #expect(Stage2Geometry(granule: .size16K).blockByteCount(level: 2) == 32 << 20)
        #expect(Stage2Geometry(granule: .size64K).blockByteCount(level: 2) == 512 << 20)
    }

    @Test func `memory and redistributors must lie within the IPAs`() {
        let small = Stage2Geometry(ipaBits: 32)
        #expect(small.problem(memoryByteCount: 3 << 30, vcpuCount: 123) == nil)
        #expect(small.problem(memoryByteCount: 3 << 30 + 4096, vcpuCount: 1)?.contains("at most 3072 MiB") == true)
        #expect(small.problem(memoryByteCount: 1 << 30, vcpuCount: 124)?.contains("at least 39 bits") == true)
        #expect(Stage2Geometry(ipaBits: 38).problem(memoryByteCount: 255 << 30, vcpuCount: 124) != nil)
        #expect(Stage2Geometry(ipaBits: 39).problem(memoryByteCount: 255 << 30, vcpuCount: 512) == nil)
        #expect(Stage2Geometry(ipaBits: 48).problem(memoryByteCount: 256 << 30, vcpuCount: 1) != nil)
    }

    @Test func `a VM of no shape is refused`() {
        var configuration = VMConfiguration(kernelPath: "")
        configuration.memoryByteCount = 0x2_8000
        configuration.stage2Geometry = Stage2Geometry(granule: .size64K)
        #expect(problem(configuration).contains("a multiple of 64 KiB"))
        configuration.stage2Geometry = Stage2Geometry(ipaBits: 49)
        #expect(problem(configuration).contains("49 bits: a VM has 32 to 48"))
    }

    private func problem(_ configuration: VMConfiguration) -> String {
        do throws(VMError) {
            try configuration.check()
            return "none"
        } catch { return error.description }
    }
}
