import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/**
 * Writes the classes of a jar anew in the format of Java 21. An archive of loaded classes takes none from before Java 6, which some libraries still
 * ship, and the verifier of those is slow: a command loads them in 0.1 s less.
 */
void main(String[] arguments) throws IOException {
    Path jar = Path.of(arguments[0]);
    Path newer = jar.resolveSibling(jar.getFileName() + ".new");
    try (URLClassLoader library = new URLClassLoader(new URL[]{jar.toUri().toURL()});
            JarFile in = new JarFile(jar.toFile());
            JarOutputStream out = new JarOutputStream(Files.newOutputStream(newer))) {
        ClassFile format = ClassFile.of(
                ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(library)));
        ClassTransform anew = ClassTransform.transformingMethodBodies((code, element) -> code.with(element))
                .andThen(ClassTransform.endHandler(made -> made.withVersion(ClassFile.JAVA_21_VERSION, 0)));
        for (JarEntry entry : Collections.list(in.entries())) {
            if (entry.isDirectory() || entry.getName().startsWith("META-INF/versions/")) {
                continue;
            }
            try (InputStream content = in.getInputStream(entry)) {
                byte[] bytes = content.readAllBytes();
                out.putNextEntry(new JarEntry(entry.getName()));
                out.write(
                        entry.getName().endsWith(".class") && !entry.getName().equals("module-info.class")
                                ? format.transformClass(format.parse(bytes), anew)
                                : bytes);
                out.closeEntry();
            }
        }
    }
    Files.move(newer, jar, StandardCopyOption.REPLACE_EXISTING);
}
