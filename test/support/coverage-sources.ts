/** Small projects in which real tools measure coverage: each has code that no test runs, in a file that none loads too. */

const gradeJs = `const limits = { good: 90, fair: 50 };

exports.grade = function grade(points, { strict = false } = {}) {
  if (points > limits.good) return strict ? 'very good' : 'good';
  if (points < 0) {
    const words = ['points', 'below', 'zero'];
    throw new Error(words.join(' '));
  }
  return points > limits.fair
    ? 'fair'
    : 'poor';
};
`;
/** No test loads it. */
const unusedJs = `exports.unused = function unused(items) {
  let sum = 0; for (const item of items) sum += item;
  return sum;
};
`;

const dependencies = {
  nyc: '17.1.0',
  c8: '10.1.3',
  vitest: '5.1.1',
  '@vitest/coverage-v8': '5.1.1',
  '@vitest/coverage-istanbul': '5.1.1',
};

export const nodeProject: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ name: 'tried', private: true, dependencies }),
  'src/grade.js': gradeJs,
  'src/unused.js': unusedJs,
  'run.js': "const { grade } = require('./src/grade.js');\ngrade(95);\ngrade(70);\n",
  'run-more.js': "const { grade } = require('./src/grade.js');\ntry {\n  grade(-1);\n} catch {}\n",
  'grade.test.mjs':
    "import { it } from 'vitest';\nimport { grade } from './src/grade.js';\nit('grades', () => void grade(70));\n",
  'vitest.config.mjs':
    "export default { test: { include: ['*.test.mjs'], coverage: { include: ['src/**'], reportsDirectory: 'coverage' } } };\n",
};

const corePy = `"""Prices."""
import functools


@functools.lru_cache
def price(points, strict=False):
    if points > 90:
        return [
            point
            for point in range(points)
        ]
    elif points < 0:
        raise ValueError(
            "below zero"
        )
    if strict: return "strict"
    return "fair"


class Unused:
    def method(self):  # pragma: no cover
        return 1

    def other(self):
        return 2
`;

export const pythonProject: Readonly<Record<string, string>> = {
  'app/__init__.py': '',
  'app/core.py': corePy,
  'app/unused.py': 'VALUE = 1\n\n\ndef unused():\n    return VALUE\n',
  'test_core.py': 'from app.core import price\n\n\ndef test_price():\n    assert price(50) == "fair"\n',
  'run_unit.py': 'from app.core import price\n\nprice(50)\n',
  'run_integration.py': 'from app.core import price\n\nprice(95)\n',
  '.coveragerc': '[report]\nprecision = 2\n',
};

export const goProject: Readonly<Record<string, string>> = {
  'go.mod': 'module example.org/shop\n\ngo 1.20\n',
  'grade/grade.go':
    'package grade\n\nfunc Of(points int) string {\n\tif points > 90 {\n\t\ta := 1\n\t\tb := 2\n\t\tc := a + b\n\t\t_ = c\n\t\treturn "good"\n\t}\n\tfor i := 0; i < 3; i++ {\n\t\tpoints++\n\t}\n\treturn "fair"\n}\n\nfunc Unused() int { return 1 }\n',
  'grade/grade_test.go': 'package grade\n\nimport "testing"\n\nfunc TestOf(t *testing.T) { Of(50) }\n',
  'shop.go':
    'package shop\n\nimport "example.org/shop/grade"\n\nfunc Shop() string { return grade.Of(95) + "!" }\n\nfunc Empty() {}\n',
  'shop_test.go': 'package shop\n\nimport "testing"\n\nfunc TestShop(t *testing.T) { Empty() }\n',
};

const pom = (artifact: string, inside: string) => `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  ${artifact === 'shop' ? '<groupId>org.shop</groupId><version>1</version>' : '<parent><groupId>org.shop</groupId><artifactId>shop</artifactId><version>1</version></parent>'}
  <artifactId>${artifact}</artifactId>
  ${inside}
</project>
`;
const dependency = (group: string, artifact: string, version: string, scope = 'compile') =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><scope>${scope}</scope></dependency>`;
const execution = (goal: string, phase: string) =>
  `<execution><id>${goal}</id><phase>${phase}</phase><goals><goal>${goal}</goal></goals></execution>`;
const jacocoPlugin = (executions: string) =>
  `<plugin><groupId>org.jacoco</groupId><artifactId>jacoco-maven-plugin</artifactId><version>0.8.13</version><executions>${executions}</executions></plugin>`;

const gradeJava = (folder: string) => `package org.shop;

public class Grade {
  static final Object LOCK = new Object();

  public static String of(int points) {
    if (points > 90) {
      return "${folder}";
    }
    String words = points < 0 ? "impossible" : "fair";
    return words;
  }

  static class Unused {
    int value() { return 1; }
  }
}
`;
const testJava = (points: number) => `package org.shop;

class GradeTest {
  @org.junit.jupiter.api.Test void grades() { Grade.of(${points}); }
}
`;

export const javaProject: Readonly<Record<string, string>> = {
  'pom.xml': pom(
    'shop',
    `<packaging>pom</packaging><modules><module>one</module><module>two</module><module>all</module></modules>
<properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
<dependencies>${dependency('org.junit.jupiter', 'junit-jupiter', '5.11.4', 'test')}</dependencies>
<build>
  <pluginManagement><plugins>
    <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
    <plugin><artifactId>maven-surefire-plugin</artifactId><version>3.5.2</version></plugin>
    <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>
  </plugins></pluginManagement>
  <plugins>${jacocoPlugin(execution('prepare-agent', 'initialize') + execution('report', 'test'))}</plugins>
</build>`,
  ),
  'one/pom.xml': pom('one', ''),
  'one/src/main/java/org/shop/Grade.java': gradeJava('one'),
  'one/src/test/java/org/shop/GradeTest.java': testJava(50),
  'two/pom.xml': pom('two', ''),
  'two/src/main/java/org/shop/Grade.java': gradeJava('two'),
  'two/src/test/java/org/shop/GradeTest.java': testJava(95),
  'all/pom.xml': pom(
    'all',
    `<dependencies>${dependency('org.shop', 'one', '1')}${dependency('org.shop', 'two', '1')}</dependencies>
<build><plugins>${jacocoPlugin(execution('report-aggregate', 'test'))}</plugins></build>`,
  ),
};
