// A PE has a copy of what it was offered, and acts on that until it is told otherwise: GICv3 "Redistributor to CPU interface",
// where a Set and an Activate may cross.

extension GICModel {
    /// What happened to an interrupt after a running PE got its copy.
    struct Late {
        let holder: Int
        /// An edge or ISPENDR: what the PE takes is the one before.
        var latch = false
        /// ISACTIVER or ICACTIVER: done when the PE is out, and overrides what it did.
        var active: Bool?
    }

    /// An offer of an interrupt to a PE, as it was then.
    struct Offer {
        let place: Int
        let priority: UInt32
        let isGroup1: Bool
    }

    mutating func setPending(_ place: Int) {
        if let holder = holders[place] {
            if interrupts[place].late == nil { interrupts[place].late = Late(holder: holder) }
            interrupts[place].late?.latch = true
        } else {
            interrupts[place].latch = true
        }
    }

    mutating func setActive(_ place: Int, _ isActive: Bool) {
        if let holder = holders[place] {
            if interrupts[place].late == nil { interrupts[place].late = Late(holder: holder) }
            interrupts[place].late?.active = isActive
        } else {
            interrupts[place].isActive = isActive
        }
    }

    /// The PE has given back its copies.
    mutating func leave(_ pe: Int) {
        for place in interrupts.indices {
            guard let late = interrupts[place].late, late.holder == pe else { continue }
            if late.latch { interrupts[place].latch = true }
            if let active = late.active { interrupts[place].isActive = active }
            interrupts[place].late = nil
        }
    }

    /// What a PE that enters now may take before it is told of anything new.
    func offers(to pe: Int) -> [Offer] {
        var offers: [Offer] = []
        for place in interrupts.indices where isForwardedOnceInactive(place) {
            let interrupt = interrupts[place]
            if let owner = interrupt.owner, owner != pe { continue }
            offers.append(Offer(place: place, priority: interrupt.priority, isGroup1: interrupt.isGroup1))
        }
        return offers
    }
}
