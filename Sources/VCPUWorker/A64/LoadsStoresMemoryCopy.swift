/// Arm ARM "Memory Copy and Memory Set".
enum LoadsStoresMemoryCopy {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        .absent("CPYFP, CPYFM, CPYFE …",      "00011001 oo 0 sssss oooo 01 nnnnn ddddd", .mops),
        .absent("CPYP, CPYM, CPYE, SETP …",   "00011101 oo 0 sssss oooo 01 nnnnn ddddd", .mops),
    ]
}
