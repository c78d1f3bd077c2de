import CHost
import Glibc
import Shared

@main
struct ArmadaVCPU {
    /// sysexits.h "EX_USAGE".
    private static let usageStatus: CInt = 64

    static func main() {
        switch WorkerArguments.parse(Array(CommandLine.arguments.dropFirst())) {
        case .serveStandardInput:
            var status = stat()
            guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
                fail(
                    usageStatus,
                    "standard input is no socket: armada starts its workers itself; by hand, use --connect PATH")
            }
            serve(socket: STDIN_FILENO, wantedVCPU: nil, isChild: true)
        case .connect(let path, let vcpu):
            do throws(LinkError) {
                let socket = try WorkerSocket.connect(to: path)
                serve(socket: socket, wantedVCPU: vcpu, isChild: false)
            } catch {
                fail(1, "\(error)")
            }
        case .printVersion:
            write("armada-vcpu \(Release.version), protocol version \(WireProtocol.version)\n", to: STDOUT_FILENO)
        case .printHelp:
            write(WorkerArguments.help, to: STDOUT_FILENO)
        case .usageError(let sentence):
            fail(usageStatus, "\(sentence); see armada-vcpu --help")
        }
    }

    /// Serves the coordinator at the other end of `socket` until the VM ends. A worker that is the coordinator's child dies
    /// with it; another one has to notice.
    private static func serve(socket: CInt, wantedVCPU: Int?, isChild: Bool) -> Never {
        // Before pinning: how many processors the VM as a whole has.
        let processorCount = Int(armada_processor_count())
        let link = UnsafeMutablePointer<WorkerLink>.allocate(capacity: 1)
        link.initialize(to: WorkerLink(socket: socket))
        do throws(LinkError) {
            guard let resources = try link.pointee.handshake(wantedVCPU: wantedVCPU) else { throw .notWelcome }
            if !isChild, armada_exit_on_hangup(socket) != 0 { throw .host(SystemError("watch the coordinator")) }
            let processor = resources.welcome.processor
            if processor >= 0, armada_pin(CInt(processor)) != 0 {
                complain("vCPU \(resources.welcome.vcpuIndex): \(SystemError("bind to processor \(processor)"))")
            }
            exit(try RunLoop.run(resources, link: link, processorCount: processorCount))
        } catch {
            fail(1, "\(error)")
        }
    }

    private static func fail(_ status: CInt, _ sentence: String) -> Never {
        complain(sentence)
        exit(status)
    }

    private static func complain(_ sentence: String) { write("armada-vcpu: \(sentence)\n", to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: CInt) {
        var text = text
        text.withUTF8 { bytes in _ = Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    }
}
