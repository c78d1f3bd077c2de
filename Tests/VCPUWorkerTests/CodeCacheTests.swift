import Testing

@testable import VCPUWorker

@Suite struct CodeCacheTests {
    /// IC IALLU and the instructions behind it stand in one page: those are decoded into a page that is forgotten already.
    @Test func pageThatIsReusedHoldsNothing() {
        var code = CodeCache()
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 0x1000, alignment: 0x1000)
        defer { bytes.deallocate() }
        let running = code.ops(offset: 0, hostPage: bytes)
        code.removeAll()
        running[5] = Op(.branch)
        CodeCache.heat(running)[6] = Heat.translated | 64
        let other = code.ops(offset: 0x1000, hostPage: bytes)
        #expect(other == running)
        #expect((0..<CodeCache.opsPerPage).allSatisfy { other[$0].code == .decode })
        #expect((0..<CodeCache.opsPerPage).allSatisfy { CodeCache.heat(other)[$0] == 0 })
    }
}
