import Shared
import Testing

@testable import Coordinator

@Suite struct VGICDumpTests {
    @Test func hasTheFormOfDebugfs() {
        let machine = VGICTestMachine(vcpus: 2, spis: 32)
        machine.configure(33, isEdge: false, priority: 0xA0, vcpu: 1)
        machine.vgic.setSPI(33, level: true)
        machine.vgic.sendSGI(from: 0, value: 2 | 4 << 24, group: 1)
        let lines = machine.vgic.dump().split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(6) == [
                "Distributor", "===========", "vgic_model:\tGICv3", "nr_spis:\t32", "nr_lpis:\t0", "enabled:\t1",
            ])
        let header = " TYP   ID TGT_ID PLAEHCG     HWID   TARGET SRC PRI VCPU_ID"
        #expect(lines.filter { $0.hasSuffix(header) } == ["VCPU 0" + header, "VCPU 1" + header, "SPI  0" + header])
        #expect(lines.contains("       SGI    4      1 1001001        0        1   0   0       1 "))
        #expect(lines.contains("       SPI   33      1 0101011        0        1   0 160       1 "))
        #expect(lines.contains("       PPI   27      0 0000011        0        0   0   0      -1 "))
        #expect(lines.filter { $0.hasPrefix("       SGI") || $0.hasPrefix("       PPI") }.count == 64)
        #expect(lines.filter { $0.hasPrefix("       SPI") }.count == 32)
    }
}
