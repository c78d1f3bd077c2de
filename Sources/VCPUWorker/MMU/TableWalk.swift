import Shared

/// Both stages of the EL1&0 regime.
struct TranslationRegime {
    var stage1: Stage1Regime
    var stage2: Stage2Regime

    /// What follows on the walk of stage 1 that found `first`, for the access in `request`: the checks in the architecture's
    /// order (alignment of Device memory, permission), and the same again at stage 2.
    ///
    /// Source: Arm ARM "MMU fault prioritization from a single address translation stage".
    func complete(
        _ first: Stage1Translation, _ request: WalkRequest, in memory: PhysicalMemory
    ) throws(WalkFault) -> Translation {
        let isFetch = request.access.kind == .fetch
        if let fault = first.fault(request) { throw fault }
        let second = try stage2.walk(first.ipa, in: memory)
        if request.isUnaligned, second.isDevice, !isFetch {
            throw WalkFault(status: .alignment, isStage2: true, ipa: first.ipa)
        }
        var rights = first.rights
        if !second.isReadable { rights.subtract(.reads) }
        if !second.isWritable { rights.subtract(.writes) }
        if !second.isExecutable || !second.isReadable { rights.subtract(.executions) }
        guard rights.contains(.needed(by: request.access)) else {
            throw WalkFault(status: .permission(level: Int(second.level)), isStage2: true, ipa: first.ipa)
        }
        return Translation(
            offset: second.offset, rights: rights, isUserAccessible: first.isUserAccessible,
            isGlobal: first.isGlobal, isDevice: first.isDevice || second.isDevice, blockBits: first.blockBits)
    }
}
