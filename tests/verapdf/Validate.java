import java.io.File;
import java.io.FileInputStream;
import java.util.List;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Validates the PDFs named, one by one, against the flavours in the first argument (2a,ua1); a line per failure. */
public class Validate {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (String path : List.of(arguments).subList(1, arguments.length)) {
            for (String name : arguments[0].split(",")) {
                PDFAFlavour flavour = PDFAFlavour.fromString(name);
                try (PDFAParser parser = Foundries.defaultInstance().createParser(new FileInputStream(new File(path)), flavour);
                        PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                    ValidationResult result = validator.validate(parser);
                    System.out.println(String.join("\t", "checked", path, name, String.valueOf(result.isCompliant())));
                    for (TestAssertion failure : result.getTestAssertions()) {
                        System.out.println(String.join("\t", "failed", path, name,
                                failure.getRuleId().getClause() + "-" + failure.getRuleId().getTestNumber(),
                                failure.getMessage().replaceAll("\\s+", " ")));
                    }
                }
            }
        }
    }
}
