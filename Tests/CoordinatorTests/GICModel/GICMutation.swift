/// One rule of the model that is wrong. Each must make the comparison fail.
enum GICMutation: CaseIterable {
    case disablingForgets, clearPendingIgnored, setActiveIgnored, clearActiveIgnored, allPriorityBits, routeIgnored
    case levelIsLatched
    case broadcastIncludesSelf, rangeSelectorIgnored, groupOfSGIIgnored
    case binaryPointIgnored, commonBinaryPointIgnored, maskIsInclusive, equalPriorityPreempts
    case activeIsSignalledAgain, enableIgnored, distributorIgnored, interfaceGroupIgnored
    case acknowledgeKeepsPending, acknowledgeIsNotActive, dropsOldest, splitEndDeactivates, endLeavesActive
    case deactivateIgnored
}

/// One thing that the machine under test does wrong between the vGIC and its CPU interfaces. Each must be found as well.
enum GICMachineFault: CaseIterable {
    /// A vCPU does not come out for a kick.
    case kickLost
    /// A vCPU that waits is not told of a kick.
    case wakeUpLost
    /// The worker does not leave the guest for a maintenance condition.
    case maintenanceIgnored
    /// ICH_HCR_EL2.EOIcount is zero in every Exit.
    case endCountLost
    /// A write of ICC_DIR_EL1 that nobody waits for is not trapped.
    case deactivationNotTrapped
    /// The first list register comes back without its pending state.
    case pendingLost
    /// The last list register comes back as it went.
    case lastListRegisterStale
    /// ICH_VMCR_EL2 comes back as it was at the Entry.
    case interfaceStateStale
}
