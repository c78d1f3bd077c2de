/// The guest's physical address map, the same as QEMU's `virt` machine so that kernels and firmware built for it run.
///
/// ```
///  0x0800_0000  GICD       64 KiB     distributor
///  0x0808_0000  ITS       128 KiB     reserved
///  0x080A_0000  GICR      128 KiB each, 123 vCPUs
///  0x0900_0000  PL011       4 KiB     SPI 1 (INTID 33)
///  0x0901_0000  PL031       4 KiB     SPI 2 (INTID 34)
///  0x090A_0000  PV time    64 KiB     the records of stolen time, 64 bytes for each vCPU
///  0x0A00_0000  virtio-mmio 512 bytes each
///  0x4000_0000  RAM
///  0x40_0000_0000 + GICR   the redistributors beyond the first 123, at the end of the IPA space below
/// ```
package enum PhysicalMap {
    package static let gicDistributor = IPA(0x0800_0000)
    package static let gicDistributorByteCount: UInt64 = 0x1_0000
    package static let gicITS = IPA(0x0808_0000)
    package static let gicITSByteCount: UInt64 = 0x2_0000
    /// First redistributor region: up to 123 vCPUs.
    package static let gicRedistributor = IPA(0x080A_0000)
    package static let gicRedistributorStride: UInt64 = 0x2_0000
    package static let gicRedistributorFirstRegionCount = 123
    /// Second redistributor region, above the largest RAM.
    package static let gicHighRedistributor = IPA(0x40_0000_0000)
    package static let pl011 = IPA(0x0900_0000)
    package static let pl011ByteCount: UInt64 = 0x1000
    package static let pl011INTID: UInt32 = 33
    package static let pl031 = IPA(0x0901_0000)
    package static let pl031ByteCount: UInt64 = 0x1000
    package static let pl031INTID: UInt32 = 34
    package static let pvTime = IPA(0x090A_0000)
    package static let pvTimeByteCount: UInt64 = 0x1_0000
    package static let virtioMMIO = IPA(0x0A00_0000)
    package static let ram = IPA(0x4000_0000)
    /// RAM ends at most here (255 GiB), below the second redistributor region.
    package static let ramLimit = IPA(0x40_0000_0000)

    /// Timer interrupts, as INTIDs of PPIs.
    package static let hypervisorPhysicalTimerINTID: UInt32 = 26
    package static let virtualTimerINTID: UInt32 = 27
    package static let hypervisorVirtualTimerINTID: UInt32 = 28
    package static let physicalTimerINTID: UInt32 = 30
}
