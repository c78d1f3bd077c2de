import Glibc

/// What both ends of a wire know of a vCPU beside the frames: the state that the last frame with it carried. An Exit
/// or an Entry leaves out what has not changed, which is the common case and halves the cost of coding a frame.
package struct CarriedState: Sendable {
    /// Of the last Exit or Entry that had one: it goes both ways.
    package private(set) var cpuInterface = CPUInterfaceState()
    /// Of the last Exit that had one.
    package private(set) var timer = TimerState()
    /// Guest registers in Exits and Entries, both directions together. General registers are not counted.
    package internal(set) var registersMoved: UInt64 = 0
    /// The world switch nvhe: nothing is left out, and the context comes along.
    let carriesAll: Bool

    package var worldSwitch: WorldSwitch { carriesAll ? .nvhe : .vhe }

    package init(worldSwitch: WorldSwitch = .vhe) { carriesAll = worldSwitch == .nvhe }

    /// Takes over `state`; false if the frame can do without it because nothing has changed.
    mutating func update(_ state: inout CPUInterfaceState) -> Bool {
        if carriesAll {
            cpuInterface = state
            return true
        }
        let isSame = withUnsafeBytes(of: &cpuInterface) { mine in
            withUnsafeBytes(of: &state) { other in
                // SAFETY: both are CPUInterfaceState, which has no padding.
                memcmp(mine.baseAddress.unsafelyUnwrapped, other.baseAddress.unsafelyUnwrapped, mine.count) == 0
            }
        }
        if !isSame { cpuInterface = state }
        return !isSame
    }

    /// Takes over `state`; false if the frame can do without it because nothing has changed.
    mutating func update(_ state: TimerState) -> Bool {
        guard timer != state || carriesAll else { return false }
        timer = state
        return true
    }
}
