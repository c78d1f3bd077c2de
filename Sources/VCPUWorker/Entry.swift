@main
struct ArmadaVCPU {
    static func main() {
    }
}
