/// Arm ARM "Load/store memory tags".
enum LoadsStoresMemoryTags {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        .absent("STG, STZG, LDG, ST2G, STZ2G, STZGM, STGM, LDGM", "11011001 oo 1 iiiiiiiii oo nnnnn ttttt", .mte),
    ]
}
