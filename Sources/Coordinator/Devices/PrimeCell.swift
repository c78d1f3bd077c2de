/// The identification registers that end every PrimeCell's 4 KiB window.
enum PrimeCell {
    /// PeriphID0…3 at 0xFE0, one byte of `peripheral` each, and PCellID0…3 at 0xFF0; zero elsewhere.
    static func identification(offset: UInt64, peripheral: UInt32) -> UInt32 {
        let byte = UInt32(truncatingIfNeeded: offset & 0xC) << 1
        switch offset & ~0xF {
        case 0xFE0: return peripheral >> byte & 0xFF
        case 0xFF0: return 0xB105_F00D >> byte & 0xFF
        default: return 0
        }
    }
}
